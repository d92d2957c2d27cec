import { expect, it } from '@jest/globals';
import type { Principal } from '#libs/domain';
import { KeyStore } from './key.store.ts';
import { RevokeKeyAction } from './revoke-key.action.ts';

const OWNER: Principal = { kind: 'user', id: 'user', organizationId: 'organization', roles: ['owner'] };

it('revoking a key is announced once, however often it is asked for', async () => {
  const key = { id: 'key', expiresAt: null, revokedAt: null as Date | null, lastUsedAt: null };
  const tx = {
    apiKey: {
      updateMany: async ({ data }: { data: { revokedAt: Date } }) => {
        if (key.revokedAt) return { count: 0 };
        key.revokedAt = data.revokedAt;
        return { count: 1 };
      },
      findFirst: async () => ({ ...key, createdAt: new Date() }),
    },
  };
  const announced: unknown[] = [];
  const action = new RevokeKeyAction(new KeyStore());
  Reflect.set(action, 'services', {
    database: { withOrg: (_organizationId: string, work: (tx: object) => unknown) => work(tx) },
    audit: { write: async () => undefined },
    announcer: { changed: (...change: unknown[]) => announced.push(change) },
  });
  const revoke = () => action.run({ principal: OWNER, request: { id: 'request' } } as never, { id: 'key' });
  const first = await revoke();
  expect(first.revokedAt).toEqual(expect.any(String));
  expect((await revoke()).revokedAt).toBe(first.revokedAt);
  expect(announced).toEqual([['organization', 'key', 'key']]);
});
