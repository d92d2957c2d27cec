import { Injectable } from '@nestjs/common';
import { AUDIT_START, auditHash } from '#libs/crypto';
import type { TenantTransaction } from '#libs/database';
import type { Principal } from '#libs/domain';
import { isJsonObject, type JsonObject, wallMs } from '#libs/kernel';
import { AuditStore } from './audit.store.ts';

/** Who changes something, in which request and transaction. */
export interface Change {
  tx: TenantTransaction;
  principal: Principal;
  organizationId: string;
  request: { id: string };
}

/** The organization's record of what was changed and by whom: each entry holds the hash of the one before it. */
@Injectable()
export class AuditTrail {
  constructor(private readonly store: AuditStore) {}

  /** Writes an entry in the transaction of the change. Names of fields, never values. */
  async write(
    { tx, principal, organizationId, request }: Change,
    act: string,
    { input, output }: { input: unknown; output: unknown },
  ): Promise<void> {
    const last = await this.store.lockEnd(tx, organizationId);
    const seq = (last?.seq ?? 0) + 1;
    const entry: JsonObject = {
      act,
      actor: principal.id,
      org: organizationId,
      seq,
      target: targetOf(output) ?? targetOf(input) ?? organizationId,
      ts: new Date(wallMs()).toISOString(),
      req: request.id,
      via: principal.kind === 'key' ? 'key' : 'sign-in',
      diff: isJsonObject(input) ? Object.keys(input).sort() : [],
    };
    const hash = auditHash(last?.hash ?? AUDIT_START, entry);
    await this.store.add(tx, { orgId: organizationId, seq, hash, entry });
  }
}

function targetOf(value: unknown): string | undefined {
  const id = isJsonObject(value) ? value['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
