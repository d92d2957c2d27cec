import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ControlChanged } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { type ApiClient, type StreamedEvent, sleepingFlow, type Tenant, TestRing } from '#libs/testing';
import { endedRun, type Listed, type RunView } from './world.ts';

describe('a stream whose reader loses access', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('sleeps', sleepingFlow(60_000));
  });
  afterAll(() => ring.dispose());

  const key = async () => {
    const { body: list } = await tenant.api.get<Listed<{ id: string }>>('/v1/deployments');
    const { body } = await tenant.api.post<{ id: string; token: string }>('/v1/keys', {
      name: newId(),
      kind: 'flow',
      deploymentIds: list.data.map(({ id }) => id),
    });
    return { id: body.id, client: ring.client(body.token) };
  };
  const start = async (api: ApiClient) =>
    (await api.post<RunView>('/v1/deployments/sleeps/runs', { input: 'x' })).body.id;
  /** Reads until the run sleeps, and then has the rest to come. */
  const reading = async (api: ApiClient, id: string) => {
    const { events } = await api.stream(`/v1/runs/${id}/events`);
    const isAsleep = ({ data }: StreamedEvent) => data.includes('"node.started"') && data.includes('Sleep-1');
    for (let next = await events.next(); !next.done && !isAsleep(next.value); ) next = await events.next();
    const rest: StreamedEvent[] = [];
    const ended = (async () => {
      for await (const frame of events) rest.push(frame);
    })();
    return { rest, ended };
  };

  it('ends with an error that says why when its key is revoked, and the run goes on', async () => {
    const revoked = await key();
    const other = await key();
    const id = await start(revoked.client);
    const theirs = await reading(revoked.client, id);
    const ours = await reading(tenant.api, id);
    const othersRun = await start(other.client);
    const others = await reading(other.client, othersRun);

    await tenant.api.delete(`/v1/keys/${revoked.id}`);
    await theirs.ended;
    expect(theirs.rest.map(({ type, id: seq }) => [type, seq])).toEqual([['error', undefined]]);
    expect(JSON.parse(theirs.rest[0]?.data ?? '')).toMatchObject({
      type: 'urn:headgate:problem:key.revoked',
      code: 'key.revoked',
      status: 401,
      requestId: expect.any(String),
      instance: expect.stringMatching(/^urn:headgate:request:/),
    });
    expect((await tenant.api.get<RunView>(`/v1/runs/${id}`)).body.status).toBe('running');
    expect([ours.rest, others.rest]).toEqual([[], []]);

    for (const run of [id, othersRun]) {
      await tenant.api.post(`/v1/runs/${run}/cancel`);
      expect((await endedRun(tenant.api, run)).status).toBe('cancelled');
    }
    await Promise.all([ours.ended, others.ended]);
    for (const { rest } of [ours, others])
      expect(rest.map(({ type }) => type)).toEqual(['run.cancel_requested', 'run.cancelled', 'end']);
  });

  it('ends when its reader is no longer a member, as soon as that is announced', async () => {
    const second = await ring.tenant();
    await second.deploy('sleeps', sleepingFlow(60_000));
    const runner = await second.member('runner');
    const id = await start(runner);
    const theirs = await reading(runner, id);
    const ours = await reading(second.api, id);
    const { organizationId } = second;
    await ring.rows(`delete from binding where org_id = $1 and role = 'runner'`, [organizationId]);
    const changed = ControlChanged.encode(organizationId, { organizationId, what: 'binding', id: newId() });
    await ring.standalone.bus.publish([changed]);
    await theirs.ended;
    expect(theirs.rest.map(({ type }) => type)).toEqual(['error']);
    expect(JSON.parse(theirs.rest[0]?.data ?? '').code).toBe('permission.denied');
    expect(ours.rest).toEqual([]);
    await second.api.post(`/v1/runs/${id}/cancel`);
    await ours.ended;
  });
});
