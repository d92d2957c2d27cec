import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';

/** Under what a request counts once. */
export interface RequestName {
  orgId: string;
  principalId: string;
  route: string;
  key: string;
}

@Injectable()
export class IdempotencyStore {
  /** Takes a name for a request; false where it was taken in the last day. Waits for who is about to take it. */
  async take(
    tx: TenantTransaction,
    { orgId, principalId, route, key }: RequestName,
    bodyHash: Uint8Array<ArrayBuffer>,
  ): Promise<boolean> {
    const taken = await tx.$executeRaw`
      insert into idempotency (org_id, principal_id, route, key, body_hash, resource_id)
      values (${orgId}::uuid, ${principalId}::uuid, ${route}, ${key}, ${bodyHash}, ${orgId}::uuid)
      on conflict (org_id, principal_id, route, key) do update
        set body_hash = excluded.body_hash, response = null, created_at = now()
        where idempotency.created_at < now() - interval '24 hours'`;
    return taken > 0;
  }

  async keep(tx: TenantTransaction, name: RequestName, output: { id?: string }): Promise<void> {
    await tx.idempotency.update({
      where: { orgId_principalId_route_key: name },
      data: { response: output, ...(output.id !== undefined && { resourceId: output.id }) },
    });
  }

  find(tx: TenantTransaction, name: RequestName): Promise<{ bodyHash: Uint8Array; response: unknown }> {
    return tx.idempotency.findUniqueOrThrow({ where: { orgId_principalId_route_key: name } });
  }
}
