import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { KeyProvider } from '#libs/crypto';
import type { JsonObject } from '#libs/kernel';
import { newId } from '#libs/kernel';
import type { TokenIssuer } from '../../../apps/gateway/src/signin/token-issuer.ts';
import { ApiClient } from './api-client.ts';

export interface Deployed {
  id: string;
  name: string;
  flowId: string;
  versionId: string;
  /** Of a flow key that may call it. */
  token: string;
}

/** An organization in a test, and its owner. */
export interface Tenant {
  organizationId: string;
  userId: string;
  api: ApiClient;
  projectId: string;
  environmentId: string;
  /** Makes a flow, its version, a deployment and a key. */
  deploy(name: string, definition: JsonObject): Promise<Deployed>;
  /** A member with one role. */
  member(role: string): Promise<ApiClient>;
}

/** A gateway, and what its keys make. */
export interface FrontDoor {
  url: string;
  keys: KeyProvider;
  tokens: TokenIssuer;
}

interface Created {
  id: string;
}

/** Makes an organization by the rows that sign-up will make; all else goes through the front door. */
export async function makeTenant(door: FrontDoor, admin: Pool, name: string): Promise<Tenant> {
  const organizationId = newId();
  const kekId = newId();
  const wrapped = await door.keys.wrap(organizationId, kekId, randomBytes(32));
  await admin.query('insert into organization (org_id, name) values ($1, $2)', [organizationId, name]);
  await admin.query('insert into kek (org_id, id, wrapped) values ($1, $2, $3)', [
    organizationId,
    kekId,
    wrapped,
  ]);

  const join = async (role: string) => {
    const id = newId();
    const email = `${id}@example.com`;
    await admin.query(`insert into app_user (id, email, password_hash) values ($1, $2, 'none')`, [id, email]);
    await admin.query('insert into membership (org_id, user_id) values ($1, $2)', [organizationId, id]);
    await admin.query(
      `insert into binding (org_id, id, subject_kind, subject_id, role, scope_kind, scope_id) values ($1, $2, 'user', $3, $4, 'organization', $1)`,
      [organizationId, newId(), id, role],
    );
    const user = { id, email, passwordHash: 'none', authorizationVersion: 1, isPlatformAdmin: false };
    const { accessToken } = door.tokens.access(user, organizationId, newId());
    return { id, api: new ApiClient(door.url, accessToken) };
  };

  const { id: userId, api } = await join('owner');
  const { body: project } = await api.post<Created>('/v1/projects', { name: 'main' });
  const { body: environments } = await api.get<{ data: Created[] }>(
    `/v1/projects/${project.id}/environments`,
  );
  const environmentId = environments.data[0]?.id ?? '';
  return {
    organizationId,
    userId,
    api,
    projectId: project.id,
    environmentId,
    member: async (role) => (await join(role)).api,
    deploy: async (deploymentName, definition) => {
      const flow = await must(
        api.post<Created & { latestVersion: Created }>(`/v1/projects/${project.id}/flows`, {
          name: deploymentName,
          definition,
        }),
      );
      const versionId = flow.latestVersion.id;
      const traffic = [{ versionId, basisPoints: 10_000 }];
      const deployment = await must(
        api.post<Created>('/v1/deployments', {
          flowId: flow.id,
          environmentId,
          name: deploymentName,
          traffic,
        }),
      );
      const key = await must(
        api.post<Created & { token: string }>('/v1/keys', {
          name: deploymentName,
          kind: 'flow',
          deploymentIds: [deployment.id],
        }),
      );
      return { id: deployment.id, name: deploymentName, flowId: flow.id, versionId, token: key.token };
    },
  };
}

async function must<Body>(answer: Promise<{ status: number; body: Body }>): Promise<Body> {
  const { status, body } = await answer;
  if (status >= 300)
    throw new Error(`a step of the preparation was refused with ${status}: ${JSON.stringify(body)}`);
  return body;
}
