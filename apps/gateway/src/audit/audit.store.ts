import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import type { JsonObject } from '#libs/kernel';

@Injectable()
export class AuditStore {
  /** The end of the organization's record; nobody else adds to it until the transaction is over. */
  async lockEnd(
    tx: TenantTransaction,
    orgId: string,
  ): Promise<{ seq: number; hash: Uint8Array } | undefined> {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`audit:${orgId}`}, 0))`;
    const last = await tx.auditEntry.findFirst({
      orderBy: { seq: 'desc' },
      select: { seq: true, hash: true },
    });
    return last ? { seq: Number(last.seq), hash: last.hash } : undefined;
  }

  async add(
    tx: TenantTransaction,
    { orgId, seq, hash, entry }: { orgId: string; seq: number; hash: Buffer; entry: JsonObject },
  ): Promise<void> {
    await tx.auditEntry.create({ data: { orgId, seq: BigInt(seq), hash: new Uint8Array(hash), entry } });
  }
}
