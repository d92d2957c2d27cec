/** SQLSTATE classes of a server that is away, ends, or has no room for a connection; and of a statement to try again. */
const CLASSES = ['08', '53', '57', '40'];

/** The same as Prisma puts it: not reached, closed, or no connection, transaction or end of it in time. */
const PRISMA_CODES = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034'];

/** Whether an error says nothing about what was to be written, only that the database is not there now. */
export function isOutage(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === undefined) return /connection|timeout|terminated/i.test(message ?? '');
  return (
    code.startsWith('E') || PRISMA_CODES.includes(code) || CLASSES.some((start) => code.startsWith(start))
  );
}

/** Whether the database looked at a statement and said no. */
export function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !isOutage(error);
}
