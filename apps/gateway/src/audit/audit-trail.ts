import { Injectable } from '@nestjs/common';
import { AUDIT_START, auditHash } from '#libs/crypto';
import { isJsonObject, type JsonObject } from '#libs/kernel';
import type { ActionContext } from '../access/action-context.ts';

/** The organization's record of what was changed and by whom: each entry holds the hash of the one before it. */
@Injectable()
export class AuditTrail {
  /** Writes an entry in the transaction of the change. Names of fields, never values. */
  async write(
    { tx, principal, organizationId, request }: ActionContext,
    act: string,
    { input, output }: { input: unknown; output: unknown },
  ): Promise<void> {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`audit:${organizationId}`}, 0))`;
    const last = await tx.auditEntry.findFirst({
      orderBy: { seq: 'desc' },
      select: { seq: true, hash: true },
    });
    const seq = Number(last?.seq ?? 0) + 1;
    const entry: JsonObject = {
      act,
      actor: principal.id,
      org: organizationId,
      seq,
      target: targetOf(output) ?? targetOf(input) ?? organizationId,
      ts: new Date().toISOString(),
      req: request.id,
      via: principal.kind === 'key' ? 'key' : 'sign-in',
      diff: isJsonObject(input) ? Object.keys(input).sort() : [],
    };
    const hash = auditHash(last?.hash ?? AUDIT_START, entry);
    await tx.auditEntry.create({
      data: { orgId: organizationId, seq: BigInt(seq), hash: new Uint8Array(hash), entry },
    });
  }
}

function targetOf(value: unknown): string | undefined {
  const id = isJsonObject(value) ? value['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
