import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import {
  chain,
  chatInput,
  chatOutput,
  echoFlow,
  fault,
  sleepingFlow,
  type Tenant,
  TestRing,
  until,
} from '#libs/testing';
import { endedRun, type Listed, type RunView } from './world.ts';

describe('the list of runs', () => {
  let ring: TestRing;
  let tenant: Tenant;
  const ids: Record<string, string> = {};
  const deployments: Record<string, string> = {};
  beforeAll(async () => {
    // one runner serves one organization at a time: the runs of a second one wait
    ring = await TestRing.start({ maxRunners: 1 });
    tenant = await ring.tenant();
    for (const [name, definition] of Object.entries({
      echo: echoFlow(),
      fails: chain(chatInput(), fault('TestFail', 'Fail-1'), chatOutput()),
      sleeps: sleepingFlow(60_000),
      deaf: chain(chatInput(), fault('TestDeaf', 'Deaf-1', 700), chatOutput()),
    }))
      deployments[name] = (await tenant.deploy(name, definition)).id;
    ids['succeeded'] = await start('echo', { sessionId: 's-1' });
    ids['failed'] = await start('fails', { sessionId: 's-1' });
    ids['timed_out'] = await start('sleeps', { sessionId: 's-2', timeoutSeconds: 1 });
    ids['cancelled'] = await start('sleeps', { sessionId: 's-2' });
    await cancel(ids['cancelled']);
    for (const id of Object.values(ids)) await endedRun(tenant.api, id);
  });
  afterAll(() => ring.dispose());

  const start = async (name: string, body: object = {}, who = tenant) =>
    (await who.api.post<RunView>(`/v1/deployments/${name}/runs`, { input: 'x', ...body })).body.id;
  const cancel = (id: string, who = tenant) => who.api.post<RunView>(`/v1/runs/${id}/cancel`);
  const list = async (query: string, who = tenant) =>
    (await who.api.get<Listed<RunView>>(`/v1/runs?${query}`)).body.data;
  const listed = async (query: string, who = tenant) => (await list(query, who)).map(({ id }) => id);

  it('finds each ended run by its status', async () => {
    for (const status of ['succeeded', 'failed', 'timed_out', 'cancelled']) {
      expect([status, await listed(`status=${status}`)]).toEqual([status, [ids[status]]]);
      expect((await list(`status=${status}`))[0]?.status).toBe(status);
    }
    expect(await listed('status=active')).toEqual([]);
    expect(await listed('status=queued')).toEqual([]);
  });

  it('gives the same of a run as the run itself', async () => {
    for (const run of await list('')) expect(run).toEqual((await tenant.api.get(`/v1/runs/${run.id}`)).body);
  });

  it('finds runs by session and by deployment, and by both', async () => {
    expect(await listed('sessionId=s-1')).toEqual([ids['failed'], ids['succeeded']]);
    expect(await listed(`deploymentId=${deployments['sleeps']}`)).toEqual([
      ids['cancelled'],
      ids['timed_out'],
    ]);
    expect(await listed(`sessionId=s-1&deploymentId=${deployments['echo']}`)).toEqual([ids['succeeded']]);
    expect(await listed(`sessionId=s-1&status=cancelled`)).toEqual([]);
    expect(await listed('sessionId=unknown')).toEqual([]);
  });

  it('finds runs by the time they came in: from, inclusive, to, exclusive', async () => {
    const all = (await list('')).reverse();
    const [first, second, third] = all;
    expect(await listed(`from=${second?.createdAt}&to=${third?.createdAt}`)).toEqual([second?.id]);
    expect(await listed(`to=${second?.createdAt}`)).toEqual([first?.id]);
    expect((await listed(`from=${second?.createdAt}`)).length).toBe(all.length - 1);
    for (const query of [
      'from=yesterday',
      'to=2026',
      'from=',
      'since=x',
      'status=',
      'status=done',
      'deploymentId=x',
    ])
      expect([query, (await tenant.api.get(`/v1/runs?${query}`)).status]).toEqual([query, 400]);
  });

  it('finds the live run of a session while it runs, and no longer', async () => {
    const sessionId = newId();
    const id = await start('deaf', { sessionId });
    await until('it runs', async () => (await listed(`sessionId=${sessionId}&status=running`))[0] === id);
    expect(await listed(`sessionId=${sessionId}&status=active`)).toEqual([id]);
    expect(await listed(`sessionId=${sessionId}&status=queued`)).toEqual([]);
    // it does not hear the cancel before it has ended
    expect((await cancel(id)).body.status).toBe('cancelling');
    expect(await listed(`sessionId=${sessionId}&status=cancelling`)).toEqual([id]);
    expect(await listed(`sessionId=${sessionId}&status=running`)).toEqual([]);
    expect(await listed(`sessionId=${sessionId}&status=active`)).toEqual([id]);
    await endedRun(tenant.api, id);
    expect(await listed(`sessionId=${sessionId}&status=active`)).toEqual([]);
  });

  it('shows runs that wait for a place as queued, and they can be cancelled there', async () => {
    const busy = await start('sleeps');
    await until('the runner is taken', async () => (await listed('status=running'))[0] === busy);
    const second = await ring.tenant();
    await second.deploy('echo', echoFlow());
    const waiting = await start('echo', {}, second);
    const other = await start('echo', {}, second);
    expect(await listed('status=queued', second)).toEqual([other, waiting]);
    expect(await listed('status=active', second)).toEqual([other, waiting]);
    const asked = await cancel(waiting, second);
    expect([asked.status, asked.body.status]).toEqual([202, 'cancelling']);
    const ended = await endedRun(second.api, waiting);
    expect(ended).toMatchObject({ status: 'cancelled', attempt: 0, startedAt: null, output: null });
    expect(await listed('status=queued', second)).toEqual([other]);
    await cancel(busy);
    await endedRun(tenant.api, busy);
    expect((await endedRun(second.api, other)).status).toBe('succeeded');
  });
});
