import { type KeyScope, type Permission, ROLES, type Role } from './permissions.ts';

/** Who acts, and in which one organization. */
export type Principal =
  | { kind: 'user'; id: string; organizationId: string; roles: readonly Role[] }
  | {
      kind: 'key';
      id: string;
      organizationId: string;
      scopes: readonly KeyScope[];
      deploymentIds: readonly string[];
    };

/** What an action is about. */
export type Scope =
  | { kind: 'organization' }
  | { kind: 'deployment'; id: string }
  /** A run, and who started it. */
  | { kind: 'run'; deploymentId: string; keyId: string | null; userId: string | null };

/** Whether a principal has a permission at all, wherever. Without it the answer is 403. */
export function holds(principal: Principal, permission: Permission): boolean {
  if (principal.kind === 'user') return principal.roles.some((role) => roleHas(role, permission));
  return (
    (principal.scopes as readonly Permission[]).includes(permission) ||
    (permission === 'run:read' && principal.scopes.includes('run:read_all'))
  );
}

/** Whether it has it here. If it holds the permission but not here, the answer is the same 404 as for what does not exist. */
export function may(principal: Principal, permission: Permission, scope: Scope): boolean {
  if (!holds(principal, permission)) return false;
  if (scope.kind === 'organization') return principal.kind === 'user';
  if (
    principal.kind === 'key' &&
    !principal.deploymentIds.includes(scope.kind === 'run' ? scope.deploymentId : scope.id)
  )
    return false;
  return scope.kind !== 'run' || holds(principal, 'run:read_all') || startedIt(principal, scope);
}

/** The permissions that a user's roles give in the organization. */
export function permissionsOf(roles: readonly Role[]): Permission[] {
  return [...new Set(roles.flatMap((role): readonly Permission[] => ROLES[role]))].sort();
}

function roleHas(role: Role, permission: Permission): boolean {
  return (ROLES[role] as readonly Permission[]).includes(permission);
}

function startedIt(principal: Principal, run: { keyId: string | null; userId: string | null }): boolean {
  return principal.kind === 'key' ? run.keyId === principal.id : run.userId === principal.id;
}
