/** `<noun>:<verb>` and what it allows, in a sentence. */
const PERMISSIONS = {
  'organization:read': 'See the organization, its members and what one may do in it.',
  'project:read': 'See projects and their environments.',
  'project:write': 'Create and change projects.',
  'flow:read': 'See flows and their versions.',
  'flow:write': 'Create flows and add versions to them.',
  'deployment:read': 'See deployments and their releases.',
  'deployment:write': 'Create deployments and release versions on them.',
  'variable:read': 'See the names of variables and secrets, and the values of variables.',
  'variable:write': 'Set variables and secrets.',
  'key:read': 'See keys, never their tokens.',
  'key:write': 'Create and revoke keys.',
  'run:create': 'Start runs.',
  'run:read': 'See the runs that one has started oneself, with their input, output and events.',
  'run:read_all': 'See all runs in scope, with their input, output and events.',
  'run:cancel': 'Cancel runs that one may see.',
} as const;

export type Permission = keyof typeof PERMISSIONS;
export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

export const ROLES = {
  owner: ALL_PERMISSIONS,
  runner: ['organization:read', 'project:read', 'deployment:read', 'run:create', 'run:read', 'run:cancel'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof ROLES;

export function isRole(name: string): name is Role {
  return Object.hasOwn(ROLES, name);
}

/** What a flow key can be allowed. */
export const KEY_SCOPES = [
  'run:create',
  'run:read',
  'run:read_all',
  'run:cancel',
] as const satisfies Permission[];
export type KeyScope = (typeof KEY_SCOPES)[number];
