import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson, type JsonObject, newId } from '#libs/kernel';
import { echoFlow, type Tenant, TestRing } from '#libs/testing';
import { ROUTE_CASES, send } from './route-cases.ts';
import { refresh, withPassword } from './sign-ins.ts';
import { makeWorld, type World } from './world.ts';

interface Row {
  seq: number;
  hash: Buffer;
  entry: JsonObject;
}

const ACTS: Record<string, string> = {
  CreateProjectAction: 'project.create',
  CreateFlowAction: 'flow.create',
  CreateVersionAction: 'version.create',
  CreateDeploymentAction: 'deployment.create',
  UpdateDeploymentAction: 'deployment.release',
  CreateVariableAction: 'variable.create',
  CreateKeyAction: 'key.create',
  RevokeKeyAction: 'key.revoke',
};

/** The index of the first entry that is not what was written, or undefined. */
function firstBad(rows: readonly Row[]): number | undefined {
  let previous: Buffer = Buffer.alloc(32);
  for (const [index, { seq, hash, entry }] of rows.entries()) {
    const wanted = createHash('sha256')
      .update('hg-audit-v1\n')
      .update(previous)
      .update(canonicalJson(entry))
      .digest();
    if (seq !== index + 1 || entry['seq'] !== seq || !wanted.equals(hash)) return index;
    previous = hash;
  }
  return undefined;
}

describe('the audit trail', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  const entries = (organizationId = tenant.organizationId) =>
    ring.rows<Row>('select seq::int as seq, hash, entry from audit_entry where org_id = $1 order by seq', [
      organizationId,
    ]);
  const writtenBy = async (work: () => Promise<unknown>) => {
    const before = (await entries()).length;
    await work();
    return (await entries()).slice(before).map(({ entry }) => entry);
  };

  it('gets exactly one entry of each action that changes something, and none of one that reads', async () => {
    for (const one of ROUTE_CASES) {
      const act = ACTS[one.action];
      let id: unknown;
      const written = await writtenBy(async () => {
        const answer = await send(tenant.api, one, world);
        expect(answer.status).toBeLessThan(300);
        id = answer.body['id'];
      });
      if (act === undefined) {
        expect([one.route, written]).toEqual([one.route, []]);
        continue;
      }
      expect(written).toEqual([
        {
          act,
          actor: tenant.userId,
          org: tenant.organizationId,
          seq: expect.any(Number),
          target: id,
          ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          req: expect.stringMatching(/^[0-9a-f-]{36}$/),
          via: 'sign-in',
          diff: expect.any(Array),
        },
      ]);
    }
    expect(new Set(ROUTE_CASES.map(({ action }) => action).filter((action) => ACTS[action])).size).toBe(8);
  });

  it('names fields and never what stood in them', async () => {
    const name = `NAME_${newId().slice(-6)}`;
    const value = `value-${newId()}`;
    const { environmentId, projectId } = tenant;
    const [entry] = await writtenBy(() =>
      tenant.api.post(`/v1/projects/${projectId}/variables`, { environmentId, name, value }),
    );
    expect(entry?.['diff']).toEqual(['environmentId', 'name', 'projectId', 'value']);
    expect(JSON.stringify(entry)).not.toContain(value);
  });

  it('gets nothing of an action that fails, is refused or is repeated', async () => {
    const headers = { 'idempotency-key': newId() };
    const once = { name: `once-${newId()}` };
    await tenant.api.post('/v1/projects', once, headers);
    const runner = await tenant.member('runner');
    const flows = `/v1/projects/${tenant.projectId}/flows`;
    const written = await writtenBy(async () => {
      const answers = [
        await tenant.api.post('/v1/projects', once, headers),
        await tenant.api.post('/v1/projects', { name: 'main' }),
        await tenant.api.post('/v1/projects', { name: '' }),
        await runner.post('/v1/projects', { name: 'x' }),
        await tenant.api.post(flows, { name: 'bad', definition: {} }),
        await tenant.api.post(`/v1/projects/${newId()}/flows`, { name: 'x', definition: echoFlow() }),
        await tenant.api.delete(`/v1/keys/${newId()}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([201, 409, 400, 403, 422, 404, 404]);
    });
    expect(written).toEqual([]);
  });

  it('gets a refresh token that came a second time', async () => {
    const { email, password } = await withPassword(ring, tenant);
    const anyone = ring.client();
    const login = await anyone.post('/v1/auth/login', { email, password });
    const cookie = /hg-refresh=([^;]+)/.exec(login.headers.get('set-cookie') ?? '')?.[1];
    await refresh(anyone, cookie);
    await ring.rows(`update refresh_family set rotated_at = rotated_at - interval '1 minute'`);
    const written = await writtenBy(() => refresh(anyone, cookie));
    expect(written).toMatchObject([{ act: 'sign-in.replayed', actor: tenant.userId, diff: [] }]);
  });

  it('is one chain without a gap, also when many write at once', async () => {
    const other = await ring.tenant();
    const names = Array.from({ length: 20 }, () => ({ name: newId() }));
    await Promise.all(
      names.flatMap((body) => [tenant.api.post('/v1/projects', body), other.api.post('/v1/projects', body)]),
    );
    expect(firstBad(await entries())).toBeUndefined();
    const theirs = await entries(other.organizationId);
    expect(firstBad(theirs)).toBeUndefined();
    expect(theirs).toHaveLength(21);
  });

  it('shows at which entry it was changed, cut or put in another order', async () => {
    const rows = await entries();
    const changed = rows.map((row, index) =>
      index === 3 ? { ...row, entry: { ...row.entry, actor: newId() } } : row,
    );
    expect(firstBad(changed)).toBe(3);
    expect(firstBad(rows.filter((_, index) => index !== 5))).toBe(5);
    expect(firstBad([...rows.slice(0, 2), ...rows.slice(2, 4).reverse(), ...rows.slice(4)])).toBe(2);
  });

  it('cannot be changed by the login that writes it', async () => {
    const { organizationId } = tenant;
    for (const work of ['update', 'delete'] as const) {
      const attempt = ring.standalone.tenants.withOrg(organizationId, (tx) =>
        work === 'update'
          ? tx.$executeRaw`update audit_entry set entry = '{}'`
          : tx.$executeRaw`delete from audit_entry`,
      );
      await expect(attempt).rejects.toThrow(/permission denied/);
    }
  });
});
