import { describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS, isRole, KEY_SCOPES, type KeyScope, type Permission, ROLES } from './permissions.ts';
import { holds, may, type Principal, permissionsOf, type Scope } from './principal.ts';

const user = (...roles: ('owner' | 'runner')[]): Principal => ({
  kind: 'user',
  id: 'u1',
  organizationId: 'o1',
  roles,
});
const key = (...scopes: KeyScope[]): Principal => ({
  kind: 'key',
  id: 'k1',
  organizationId: 'o1',
  scopes,
  deploymentIds: ['d1', 'd2'],
});

const ORGANIZATION: Scope = { kind: 'organization' };
const deployment = (id: string): Scope => ({ kind: 'deployment', id });
const run = (starter: { keyId?: string; userId?: string }, deploymentId = 'd1'): Scope => ({
  kind: 'run',
  deploymentId,
  keyId: starter.keyId ?? null,
  userId: starter.userId ?? null,
});
const OWN_OF_USER = run({ userId: 'u1' });
const OWN_OF_KEY = run({ keyId: 'k1' });

describe('holding a permission', () => {
  it('is for an owner to hold all', () => {
    for (const permission of ALL_PERMISSIONS) expect(holds(user('owner'), permission)).toBe(true);
  });

  it('is for nobody without a role', () => {
    for (const permission of ALL_PERMISSIONS) expect(holds(user(), permission)).toBe(false);
  });

  it.each(ALL_PERMISSIONS.map((permission) => [permission] as const))(
    'is for a runner as its role says: %s',
    (permission) => {
      const given = [
        'organization:read',
        'project:read',
        'deployment:read',
        'run:create',
        'run:read',
        'run:cancel',
      ];
      expect(holds(user('runner'), permission)).toBe(given.includes(permission));
    },
  );

  it('adds up over roles', () => {
    expect(permissionsOf(['runner', 'owner'])).toEqual([...ALL_PERMISSIONS].sort());
    expect(permissionsOf(['runner', 'runner'])).toEqual([...ROLES.runner].sort());
    expect(permissionsOf([])).toEqual([]);
  });

  it.each(KEY_SCOPES.map((scope) => [scope] as const))('is for a key no more than its scope: %s', (scope) => {
    const held = ALL_PERMISSIONS.filter((permission) => holds(key(scope), permission));
    expect(held).toEqual(scope === 'run:read_all' ? ['run:read', 'run:read_all'] : [scope]);
  });
});

describe('being allowed something here', () => {
  it.each<[string, Principal, Permission, Scope, boolean]>([
    ['an owner creates a project', user('owner'), 'project:write', ORGANIZATION, true],
    ['a runner creates no project', user('runner'), 'project:write', ORGANIZATION, false],
    ['a runner sees projects', user('runner'), 'project:read', ORGANIZATION, true],
    ['a runner starts runs of any deployment', user('runner'), 'run:create', deployment('d9'), true],
    ['a runner releases nothing', user('runner'), 'deployment:write', deployment('d1'), false],
    ['a runner sees its own run', user('runner'), 'run:read', OWN_OF_USER, true],
    ["a runner does not see another's run", user('runner'), 'run:read', run({ userId: 'u2' }), false],
    ["a runner does not see a key's run", user('runner'), 'run:read', run({ keyId: 'u1' }), false],
    ['a runner cancels its own run', user('runner'), 'run:cancel', OWN_OF_USER, true],
    ["a runner does not cancel another's run", user('runner'), 'run:cancel', run({ userId: 'u2' }), false],
    ["an owner sees a key's run", user('owner'), 'run:read', OWN_OF_KEY, true],
    ["an owner cancels another's run", user('owner'), 'run:cancel', run({ userId: 'u2' }), true],
    ['a key starts runs of its deployment', key('run:create'), 'run:create', deployment('d2'), true],
    ['a key starts none of another deployment', key('run:create'), 'run:create', deployment('d3'), false],
    ['a key starts none without the scope', key('run:read'), 'run:create', deployment('d1'), false],
    ['a key does nothing in the organization', key(...KEY_SCOPES), 'run:read_all', ORGANIZATION, false],
    ['a key sees its own run', key('run:read'), 'run:read', OWN_OF_KEY, true],
    ["a key does not see another key's run", key('run:read'), 'run:read', run({ keyId: 'k2' }), false],
    ["a key does not see a user's run", key('run:read'), 'run:read', run({ userId: 'k1' }), false],
    ['a key that may read all sees it', key('run:read_all'), 'run:read', run({ keyId: 'k2' }), true],
    [
      'a key that may read all sees none of another deployment',
      key('run:read_all'),
      'run:read',
      run({ keyId: 'k1' }, 'd3'),
      false,
    ],
    [
      'a key sees its own run no more once the deployment was taken from it',
      key('run:read'),
      'run:read',
      run({ keyId: 'k1' }, 'd3'),
      false,
    ],
    ['a key without the scope cancels nothing', key('run:read_all'), 'run:cancel', OWN_OF_KEY, false],
    ['a key cancels its own run', key('run:read', 'run:cancel'), 'run:cancel', OWN_OF_KEY, true],
    [
      "a key cancels no other's run",
      key('run:read', 'run:cancel'),
      'run:cancel',
      run({ keyId: 'k2' }),
      false,
    ],
    [
      "a key that may read all cancels another's run",
      key('run:read_all', 'run:cancel'),
      'run:cancel',
      run({ keyId: 'k2' }),
      true,
    ],
  ])('%s', (_what, principal, permission, scope, isAllowed) => {
    expect(may(principal, permission, scope)).toBe(isAllowed);
  });

  it('is never without holding the permission, wherever', () => {
    for (const scope of [ORGANIZATION, deployment('d1'), OWN_OF_USER, OWN_OF_KEY]) {
      for (const principal of [user(), user('runner'), key('run:create'), key('run:read', 'run:cancel')]) {
        for (const permission of ALL_PERMISSIONS.filter((one) => !holds(principal, one)))
          expect(may(principal, permission, scope)).toBe(false);
      }
    }
  });
});

describe('a role', () => {
  it('is known by its name alone', () => {
    expect(['owner', 'runner'].every(isRole)).toBe(true);
    expect(['Owner', '', 'toString', '__proto__'].some(isRole)).toBe(false);
  });
});
