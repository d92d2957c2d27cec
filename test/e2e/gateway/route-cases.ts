import type { Permission } from '#libs/domain';
import { newId } from '#libs/kernel';
import { type ApiClient, echoFlow } from '#libs/testing';
import type { World } from './world.ts';

/** A route that wants an actor, and one request to it that an owner may make. */
export interface RouteCase {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  route: string;
  needs: Permission;
  action: string;
  /** Things that are named in the body: another organization's are as unknown as in the path. */
  names?: readonly (keyof World)[];
  body?: (world: World) => unknown;
}

const fresh = () => `n-${newId()}`;

export const ROUTE_CASES: readonly RouteCase[] = [
  { method: 'GET', route: '/v1/me', needs: 'organization:read', action: 'GetMeAction' },
  {
    method: 'POST',
    route: '/v1/projects',
    needs: 'project:write',
    action: 'CreateProjectAction',
    body: () => ({ name: fresh() }),
  },
  { method: 'GET', route: '/v1/projects', needs: 'project:read', action: 'ListProjectsAction' },
  { method: 'GET', route: '/v1/projects/:projectId', needs: 'project:read', action: 'GetProjectAction' },
  {
    method: 'GET',
    route: '/v1/projects/:projectId/environments',
    needs: 'project:read',
    action: 'ListEnvironmentsAction',
  },
  {
    method: 'POST',
    route: '/v1/projects/:projectId/flows',
    needs: 'flow:write',
    action: 'CreateFlowAction',
    body: () => ({ name: fresh(), definition: echoFlow() }),
  },
  {
    method: 'GET',
    route: '/v1/projects/:projectId/flows',
    needs: 'flow:read',
    action: 'ListFlowsAction',
  },
  { method: 'GET', route: '/v1/flows/:flowId', needs: 'flow:read', action: 'GetFlowAction' },
  {
    method: 'POST',
    route: '/v1/flows/:flowId/versions',
    needs: 'flow:write',
    action: 'CreateVersionAction',
    body: () => ({ definition: echoFlow() }),
  },
  {
    method: 'GET',
    route: '/v1/flows/:flowId/versions',
    needs: 'flow:read',
    action: 'ListVersionsAction',
  },
  { method: 'GET', route: '/v1/versions/:versionId', needs: 'flow:read', action: 'GetVersionAction' },
  {
    method: 'POST',
    route: '/v1/deployments',
    needs: 'deployment:write',
    action: 'CreateDeploymentAction',
    names: ['flowId', 'environmentId', 'versionId'],
    body: ({ flowId, environmentId, versionId }) => ({
      flowId,
      environmentId,
      name: fresh(),
      traffic: [{ versionId, basisPoints: 10_000 }],
    }),
  },
  { method: 'GET', route: '/v1/deployments', needs: 'deployment:read', action: 'ListDeploymentsAction' },
  {
    method: 'GET',
    route: '/v1/deployments/:deploymentId',
    needs: 'deployment:read',
    action: 'GetDeploymentAction',
  },
  {
    method: 'PATCH',
    route: '/v1/deployments/:deploymentId',
    needs: 'deployment:write',
    action: 'UpdateDeploymentAction',
    names: ['versionId'],
    body: ({ versionId }) => ({ traffic: [{ versionId, basisPoints: 10_000 }] }),
  },
  {
    method: 'POST',
    route: '/v1/projects/:projectId/variables',
    needs: 'variable:write',
    action: 'CreateVariableAction',
    names: ['environmentId'],
    body: ({ environmentId }) => ({ environmentId, name: `V${newId().replaceAll('-', '')}`, value: 'x' }),
  },
  {
    method: 'GET',
    route: '/v1/projects/:projectId/variables',
    needs: 'variable:read',
    action: 'ListVariablesAction',
  },
  {
    method: 'POST',
    route: '/v1/keys',
    needs: 'key:write',
    action: 'CreateKeyAction',
    names: ['deploymentId'],
    body: ({ deploymentId }) => ({ name: fresh(), kind: 'flow', deploymentIds: [deploymentId] }),
  },
  { method: 'GET', route: '/v1/keys', needs: 'key:read', action: 'ListKeysAction' },
  { method: 'GET', route: '/v1/keys/:keyId', needs: 'key:read', action: 'GetKeyAction' },
  {
    method: 'POST',
    route: '/v1/deployments/:deploymentId/runs',
    needs: 'run:create',
    action: 'CreateRunAction',
    body: () => ({ input: 'hi' }),
  },
  { method: 'GET', route: '/v1/runs', needs: 'run:read', action: 'ListRunsAction' },
  { method: 'GET', route: '/v1/runs/:runId', needs: 'run:read', action: 'GetRunAction' },
  { method: 'GET', route: '/v1/runs/:runId/events', needs: 'run:read', action: 'ListRunEventsAction' },
  { method: 'GET', route: '/v1/runs/:runId/trace', needs: 'run:read', action: 'GetTraceAction' },
  { method: 'POST', route: '/v1/runs/:runId/cancel', needs: 'run:cancel', action: 'CancelRunAction' },
  // last, as it takes the key away
  { method: 'DELETE', route: '/v1/keys/:keyId', needs: 'key:write', action: 'RevokeKeyAction' },
];

export function pathOf({ route }: RouteCase, world: World): string {
  // the parameters of the routes are the names of what a world holds
  return route.replaceAll(/:(\w+)/g, (_, name: string) => world[name as keyof World]);
}

/** Which things of a world the request names. */
export function namesOf({ route, names = [] }: RouteCase): (keyof World)[] {
  const inPath = [...route.matchAll(/:(\w+)/g)].map(([, name]) => name as keyof World);
  return [...inPath, ...names];
}

export function send(client: ApiClient, one: RouteCase, world: World, headers: Record<string, string> = {}) {
  const body = one.body?.(world);
  return client.send<Record<string, unknown>>(
    one.method,
    pathOf(one, world),
    body === undefined ? undefined : JSON.stringify(body),
    { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  );
}
