import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import { type Prisma, PrismaClient } from './generated/client.ts';

/** A transaction in which one organization is all there is. */
export type TenantTransaction = Prisma.TransactionClient;

/** The gateway's way to tenant data: nothing is seen or written outside an organization's transaction. */
export class TenantDatabase {
  private readonly prisma: PrismaClient;

  constructor(pool: Pool) {
    const names = new Map<string, string>();
    const statementNameGenerator = ({ sql }: { sql: string }) => {
      const name = names.get(sql) ?? `hg_${names.size}`;
      names.set(sql, name);
      return name;
    };
    this.prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator }) });
  }

  withOrg<Result>(organizationId: string, work: (tx: TenantTransaction) => Promise<Result>): Promise<Result> {
    return this.prisma.$transaction(
      async (tx) => {
        await tx.$executeRaw`select set_config('app.org_id', ${organizationId}, true)`;
        return work(tx);
      },
      { maxWait: 5_000, timeout: 15_000 },
    );
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
