import { echoFlow, type Tenant, until } from '#libs/testing';

/** One of everything that an organization can have. */
export interface World {
  projectId: string;
  environmentId: string;
  flowId: string;
  versionId: string;
  deploymentId: string;
  deployment: string;
  keyId: string;
  runId: string;
  /** Of a flow key that may call the deployment. */
  token: string;
}

export interface Listed<Item> {
  data: Item[];
  nextCursor: string | null;
}

export interface RunView {
  id: string;
  deploymentId: string;
  versionId: string;
  status: string;
  attempt: number;
  sessionId: string;
  input: unknown;
  output: { text: string | null; outputs: Record<string, { content: unknown }> } | null;
  error: { code: string } | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  cancelRequestedAt: string | null;
}

export interface EventView {
  seq: number;
  attempt: number;
  type: string;
  data: Record<string, unknown>;
}

/** Deploys an echo and runs it once. */
export async function makeWorld(tenant: Tenant, name = 'echo'): Promise<World> {
  const echo = await tenant.deploy(name, echoFlow());
  const keys = await tenant.api.get<Listed<{ id: string; name: string }>>('/v1/keys?limit=200');
  const run = await tenant.api.post<RunView>(`/v1/deployments/${name}/runs?wait=20`, { input: 'hi' });
  return {
    projectId: tenant.projectId,
    environmentId: tenant.environmentId,
    flowId: echo.flowId,
    versionId: echo.versionId,
    deploymentId: echo.id,
    deployment: name,
    keyId: keys.body.data.find((key) => key.name === name)?.id ?? '',
    runId: run.body.id,
    token: echo.token,
  };
}

/** The run, once it has ended. */
export function endedRun(api: Tenant['api'], id: string, withinMs = 20_000): Promise<RunView> {
  return until(
    'the run ends',
    async () => {
      const { body } = await api.get<RunView>(`/v1/runs/${id}`);
      return body.finishedAt !== null && body;
    },
    withinMs,
  );
}

/** What a problem document says, without what differs between two answers to the same question. */
export function withoutRequest(body: unknown): unknown {
  const { requestId: _requestId, instance: _instance, ...same } = body as Record<string, unknown>;
  return same;
}
