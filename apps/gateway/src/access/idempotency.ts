import { Inject, Injectable } from '@nestjs/common';
import { idempotencyHash } from '#libs/crypto';
import { AppError, canonicalJson, flawOfJson, type Json } from '#libs/kernel';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';
import type { ActionContext } from './action-context.ts';
import { IdempotencyStore, type RequestName } from './idempotency.store.ts';

/** A first request under a key: what it makes is kept beside it, in its transaction. */
export interface Once {
  earlier?: unknown;
  keep(output: unknown): Promise<void>;
}

/** Requests that may be sent twice and count once. */
@Injectable()
export class Idempotency {
  constructor(
    @Inject(CELL_KEYS) private readonly keys: GatewayKeys,
    private readonly store: IdempotencyStore,
  ) {}

  /** The hash of a body under one key, so that another body is noticed. */
  hashOf(input: unknown): Buffer {
    return idempotencyHash(
      this.keys.pepper,
      canonicalJson(JSON.parse(JSON.stringify(input ?? null)) as Json),
    );
  }

  async begin(
    { tx, principal, organizationId, request }: ActionContext,
    route: string,
    input: unknown,
  ): Promise<Once | undefined> {
    const key = request.idempotencyKey;
    if (key === undefined) return undefined;
    const flaw = Object.values(input ?? {})
      .filter((value) => value !== undefined)
      .map((value) => flawOfJson(value))
      .find((found) => found !== undefined);
    if (flaw) throw new AppError('request.invalid', { detail: `The body cannot be taken: ${flaw}.` });
    const bodyHash = new Uint8Array(this.hashOf(input));
    const name = { orgId: organizationId, principalId: principal.id, route, key };
    if (!(await this.store.take(tx, name, bodyHash)))
      return { earlier: await this.earlier(tx, name, bodyHash, request), keep: async () => undefined };
    return { keep: (output) => this.store.keep(tx, name, output as { id?: string }) };
  }

  private async earlier(
    tx: ActionContext['tx'],
    name: RequestName,
    bodyHash: Uint8Array,
    request: ActionContext['request'],
  ): Promise<unknown> {
    const found = await this.store.find(tx, name);
    if (!Buffer.from(found.bodyHash).equals(bodyHash)) throw reusedKey();
    request.isReplayed = true;
    return found.response;
  }
}

export function reusedKey(): AppError {
  return new AppError('idempotency.key_reused', {
    detail:
      'This Idempotency-Key was used for another body in the last 24 hours: use a new key for a new request.',
  });
}
