import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Doors } from '#libs/database';
import type { Principal } from '#libs/domain';
import { AccessRecheck } from './access-recheck.ts';

const ORGANIZATION = 'organization';
const key = (id: string): Principal => ({
  kind: 'key',
  id,
  organizationId: ORGANIZATION,
  scopes: [],
  deploymentIds: [],
});
const user = (...roles: ('owner' | 'runner')[]): Principal => ({
  kind: 'user',
  id: 'user',
  organizationId: ORGANIZATION,
  roles,
});
const outage = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });

describe('a check whether a reader still may', () => {
  let asked: string[];
  let dead: Set<string>;
  let failure: Error | undefined;
  let access: AccessRecheck;
  beforeEach(() => {
    asked = [];
    dead = new Set();
    failure = undefined;
    const isKeyAlive = async (_organizationId: string, id: string) => {
      asked.push(id);
      const isAlive = !dead.has(id);
      await new Promise(setImmediate);
      if (failure) throw failure;
      return isAlive;
    };
    const membershipsOf = async (id: string) => {
      asked.push(id);
      return [{ organizationId: ORGANIZATION, name: 'x', roles: ['runner'] }];
    };
    access = new AccessRecheck({ isKeyAlive, membershipsOf } as unknown as Doors);
  });
  const codesOf = (...principals: Principal[]) =>
    Promise.all(
      principals.map((one) =>
        access.stillMay(one).then(
          () => 'may',
          (error: { code: unknown }) => error.code,
        ),
      ),
    );

  it('looks each principal up once, however many of its readers ask', async () => {
    dead.add('b');
    expect(await codesOf(key('a'), key('b'), key('a'), key('b'))).toEqual([
      'may',
      'key.revoked',
      'may',
      'key.revoked',
    ]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('looks again for those who ask while it looks: what they heard of may be news', async () => {
    const first = codesOf(key('a'));
    while (asked.length === 0) await new Promise(setImmediate);
    dead.add('a');
    expect(await codesOf(key('a'))).toEqual(['key.revoked']);
    expect(await first).toEqual(['may']);
  });

  it('holds each user to the roles that they came with', async () => {
    expect(await codesOf(user('runner'), user('owner'), user('runner', 'owner'))).toEqual([
      'may',
      'permission.denied',
      'permission.denied',
    ]);
  });

  it('takes no access away while the database is not there, and asks it no more in vain', async () => {
    failure = outage;
    dead.add('a');
    expect(await codesOf(key('a'), key('b'))).toEqual(['may', 'may']);
    expect(asked).toEqual(['a']);
    failure = undefined;
    expect(await codesOf(key('a'), key('b'))).toEqual(['key.revoked', 'may']);
  });
});
