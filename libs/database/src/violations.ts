import { Prisma } from './generated/client.ts';

/** Whether an error is a unique index that said no; the index is the law, the store turns it into an error of ours. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}

/** Whether an error is a reference to a row that does not exist (for this organization). */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2003';
}
