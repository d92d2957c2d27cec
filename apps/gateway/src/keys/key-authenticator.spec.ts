import { beforeEach, describe, expect, it } from '@jest/globals';
import { hashToken, mintToken } from '#libs/crypto';
import type { Doors, TenantDatabase } from '#libs/database';
import type { GatewayKeys } from '../gateway.keys.ts';
import type { KeyStore } from './key.store.ts';
import { KeyAuthenticator } from './key-authenticator.ts';

const PEPPER = Buffer.alloc(32, 1);

describe('who a key is', () => {
  let asked: number;
  let keys: KeyAuthenticator;
  const tokens = new Map(['a', 'b'].map((organizationId) => [organizationId, mintToken('flow')]));
  beforeEach(async () => {
    asked = 0;
    const findKey = async (publicId: string) => {
      asked += 1;
      for (const [organizationId, token] of tokens)
        if (token.publicId === publicId)
          return {
            organizationId,
            id: `key of ${organizationId}`,
            kind: 'flow',
            hash: hashToken(PEPPER, token.text),
            scopes: [],
            deploymentIds: [],
            expiresAt: null,
            revokedAt: null,
            lastUsedAt: new Date(),
          };
      return undefined;
    };
    keys = new KeyAuthenticator(
      { pepper: PEPPER } as unknown as GatewayKeys,
      { findKey } as unknown as Doors,
      {} as TenantDatabase,
      {} as KeyStore,
    );
    for (const organizationId of tokens.keys()) await is(organizationId);
    expect(asked).toBe(2);
  });
  const is = async (organizationId: string) =>
    expect((await keys.authenticate(tokens.get(organizationId)?.text ?? '')).organizationId).toBe(
      organizationId,
    );

  it('is asked again only in the organization of which a key changed', async () => {
    keys.forget('a');
    await is('b');
    expect(asked).toBe(2);
    await is('a');
    expect(asked).toBe(3);
  });

  it('is asked again in every organization where anything may have changed', async () => {
    keys.forget();
    for (const organizationId of ['a', 'b']) await is(organizationId);
    expect(asked).toBe(4);
  });
});
