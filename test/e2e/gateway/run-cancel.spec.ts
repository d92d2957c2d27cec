import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { echoFlow, sleepingFlow, type Tenant, TestRing, until } from '#libs/testing';
import { type EventView, endedRun, type Listed, type RunView } from './world.ts';

describe('cancelling a run', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('echo', echoFlow());
    await tenant.deploy('sleeps', sleepingFlow(60_000));
  });
  afterAll(() => ring.dispose());

  const start = async (name: string) =>
    (await tenant.api.post<RunView>(`/v1/deployments/${name}/runs`, { input: 'x' })).body.id;
  const running = async () => {
    const id = await start('sleeps');
    await until('it sleeps', async () => (await events(id)).some(({ data }) => data['nodeId'] === 'Sleep-1'));
    return id;
  };
  const cancel = (id: string, api = tenant.api) => api.post<RunView>(`/v1/runs/${id}/cancel`);
  const events = async (id: string) =>
    (await tenant.api.get<Listed<EventView>>(`/v1/runs/${id}/events?limit=200`)).body.data;

  it('stops it where it is, and says so in its log', async () => {
    const id = await running();
    const asked = await cancel(id);
    expect([asked.status, asked.body.status]).toEqual([202, 'cancelling']);
    expect(asked.body.cancelRequestedAt).toEqual(expect.any(String));
    const run = await endedRun(tenant.api, id);
    expect(run).toMatchObject({
      status: 'cancelled',
      output: null,
      cancelRequestedAt: asked.body.cancelRequestedAt,
    });
    const log = await events(id);
    expect(log.find(({ type }) => type === 'run.cancel_requested')?.data).toEqual({
      by: `user:${tenant.userId}`,
    });
    expect(log.at(-1)).toMatchObject({ type: 'run.cancelled', data: { confirmed: true } });
    expect(log.filter(({ data }) => data['nodeId'] === 'ChatOutput-1')).toEqual([]);
  });

  it('tells those who wait for it and those who read it', async () => {
    const waited = tenant.api.post<RunView>('/v1/deployments/sleeps/runs?wait=20', { input: 'x' });
    const id = await until('it is there', async () => {
      const { body } = await tenant.api.get<Listed<RunView>>('/v1/runs?status=running');
      return body.data[0]?.id;
    });
    const { events: frames } = await tenant.api.stream(`/v1/runs/${id}/events`);
    await cancel(id);
    const types: string[] = [];
    for await (const { type } of frames) types.push(type);
    expect(types.slice(-2)).toEqual(['run.cancelled', 'end']);
    expect((await waited).body).toMatchObject({
      id,
      status: 'cancelled',
      cancelRequestedAt: expect.any(String),
    });
  });

  it('changes nothing the second time, nor where it has ended', async () => {
    const id = await running();
    const answers = await Promise.all(Array.from({ length: 5 }, () => cancel(id)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await endedRun(tenant.api, id);
    const again = await cancel(id);
    expect([again.status, again.body.status]).toEqual([202, 'cancelled']);
    expect((await events(id)).filter(({ type }) => type === 'run.cancel_requested')).toHaveLength(1);

    const echo = await start('echo');
    const ended = await endedRun(tenant.api, echo);
    expect((await cancel(echo)).body).toMatchObject({ status: 'succeeded', cancelRequestedAt: null });
    expect(await endedRun(tenant.api, echo)).toEqual(ended);
  });

  it('has one winner against the end of the run, whoever comes first', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => start('echo')));
    await Promise.all(ids.map((id) => cancel(id)));
    for (const id of ids) {
      const run = await endedRun(tenant.api, id);
      const log = await events(id);
      const ends = log.filter(({ type }) => /^run\.(succeeded|failed|cancelled|timed_out)$/.test(type));
      expect(ends.map(({ type }) => type)).toEqual([`run.${run.status}`]);
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
      expect(log.at(-1)).toBe(ends[0]);
    }
  });

  it('is for those who may see the run', async () => {
    const id = await running();
    const runner = await tenant.member('runner');
    expect((await cancel(id, runner)).status).toBe(404);
    expect((await tenant.api.get<RunView>(`/v1/runs/${id}`)).body.status).toBe('running');
    await cancel(id);
    await endedRun(tenant.api, id);
  });
});
