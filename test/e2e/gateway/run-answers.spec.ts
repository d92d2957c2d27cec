import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Answer,
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
import { RunWatches } from '../../../apps/gateway/src/runs/run-watches.ts';
import { type EventView, endedRun, type Listed, type RunView } from './world.ts';

describe('starting a run', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    await tenant.deploy('echo', echoFlow());
    await tenant.deploy('fails', chain(chatInput(), fault('TestFail', 'Fail-1'), chatOutput()));
    await tenant.deploy('sleeps', sleepingFlow(60_000));
  });
  afterAll(() => ring.dispose());

  const start = (
    name: string,
    body: object = { input: 'hi' },
    headers: Record<string, string> = {},
    query = '',
  ) => tenant.api.post<RunView>(`/v1/deployments/${name}/runs${query}`, body, headers);
  const read = async (id: string) => (await tenant.api.get<RunView>(`/v1/runs/${id}`)).body;
  const cancel = (id: string) => tenant.api.post(`/v1/runs/${id}/cancel`);
  const runIdOf = ({ headers }: Answer<unknown>) => headers.get('headgate-run-id');

  it('answers at once with where the run is', async () => {
    const body = {
      input: 'hi',
      sessionId: 'session 1',
      endUserId: 'u-7',
      metadata: { a: 1, b: 'x', c: true },
    };
    const answer = await start('echo', body);
    const run = answer.body;
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect(runIdOf(answer)).toBe(run.id);
    expect(run).toMatchObject({ ...body, status: 'queued', attempt: 0, output: null, finishedAt: null });
    const ended = await endedRun(tenant.api, run.id);
    expect(ended).toMatchObject({ ...body, createdAt: run.createdAt, status: 'succeeded' });
    expect(Object.keys(run).sort()).toEqual(Object.keys(ended).sort());
  });

  it.each([
    ['Prefer: wait', { prefer: 'wait=20' }, ''],
    ['Prefer: wait among other wishes', { prefer: 'respond-async, wait=20' }, ''],
    ['?wait=', {}, '?wait=20'],
  ])('with %s answers 200 with the run as it ended', async (_what, headers, query) => {
    const answer = await start('echo', { input: 'hi' }, headers, query);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe(query === '' ? 'wait=20' : null);
    expect(runIdOf(answer)).toBe(answer.body.id);
    expect(answer.body).toMatchObject({ status: 'succeeded', output: { text: 'hi' } });
    // what was heard is what is written
    expect(await read(answer.body.id)).toEqual(answer.body);
  });

  it('answers 200 for a run that failed, too: that is no error of HTTP', async () => {
    const answer = await start('fails', { input: 'badly' }, { prefer: 'wait=20' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: 'failed',
      error: {
        code: 'node.failed',
        node: 'Fail-1',
        component: 'TestFail',
        detail: expect.stringContaining('badly'),
      },
    });
    expect(await read(answer.body.id)).toEqual(answer.body);
  });

  it('answers 202 where the run does not end in time, and the run goes on', async () => {
    const answer = await start('sleeps', { input: 'x' }, { prefer: 'wait=1' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
    expect(answer.headers.get('location')).toBe(`/v1/runs/${answer.body.id}`);
    expect(answer.body).toMatchObject({ status: 'running', finishedAt: null, startedAt: expect.any(String) });
    await cancel(answer.body.id);
    expect((await endedRun(tenant.api, answer.body.id)).status).toBe('cancelled');
  });

  it('waits 1 to 300 seconds where the query says so, and a preference is held to as much', async () => {
    for (const query of ['?wait=0', '?wait=301', '?wait=-1', '?wait=soon', '?wait=1.5', '?waits=1'])
      expect([query, (await start('echo', {}, {}, query)).status]).toEqual([query, 400]);
    const long = await start('echo', { input: 'x' }, { prefer: 'wait=4000' });
    expect([long.status, long.headers.get('preference-applied')]).toEqual([200, 'wait=300']);
    for (const prefer of ['wait=0', 'wait=soon', 'return=minimal', 'wait']) {
      const answer = await start('echo', { input: 'x' }, { prefer });
      expect([prefer, answer.status, answer.headers.get('preference-applied')]).toEqual([prefer, 202, null]);
    }
  });

  it('streams from the first event on where a stream is wanted', async () => {
    const { response, events } = await tenant.api.stream('/v1/deployments/echo/runs', {
      method: 'POST',
      body: { input: 'hi' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('cache-control')).toContain('no-cache');
    const id = response.headers.get('headgate-run-id') ?? '';
    expect(response.headers.get('location')).toBe(`/v1/runs/${id}`);
    const frames = [];
    for await (const frame of events) frames.push(frame);
    const end = frames.pop();
    expect(end).toEqual({ id: undefined, type: 'end', data: '{}' });
    expect(frames.map((frame) => frame.id)).toEqual(frames.map((_, index) => String(index + 1)));
    expect([frames[0]?.type, frames[1]?.type, frames.at(-1)?.type]).toEqual([
      'run.queued',
      'run.started',
      'run.succeeded',
    ]);
    // exactly the log
    const log = await tenant.api.get<Listed<EventView>>(`/v1/runs/${id}/events?limit=200`);
    expect(frames.map((frame) => JSON.parse(frame.data))).toEqual(log.body.data);
    expect(frames.map((frame) => frame.type)).toEqual(log.body.data.map((event) => event.type));
  });

  it('streams a run that fails up to its end as well', async () => {
    const { events } = await tenant.api.stream('/v1/deployments/fails/runs', {
      method: 'POST',
      body: { input: 'x' },
    });
    const types: string[] = [];
    for await (const { type } of events) types.push(type);
    expect(types.slice(-2)).toEqual(['run.failed', 'end']);
  });

  it('refuses before anything is streamed, as a problem document', async () => {
    const { response } = await tenant.api.stream('/v1/deployments/nothing/runs', {
      method: 'POST',
      body: {},
    });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    await response.body?.cancel();
  });

  it('goes on when whoever waits for it or reads it goes away, and is watched no longer', async () => {
    const watches = ring.standalone.gateway.get(RunWatches);
    await until('nobody watches', () => watches.size === 0);
    const [waiter, reader] = [new AbortController(), new AbortController()];
    // far from its end, so that nothing but the leaving can end the watching
    const { token } = await tenant.deploy('left', sleepingFlow(60_000));
    const left = fetch(`${ring.url}/v1/deployments/left/runs?wait=20`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': token },
      body: '{"input":"x"}',
      signal: waiter.signal,
    }).catch(() => undefined);
    const { response, events } = await ring.client(token).stream('/v1/deployments/left/runs', {
      method: 'POST',
      body: { input: 'y' },
      signal: reader.signal,
    });
    await events.next();
    await until('both are watched', () => watches.size === 2);
    waiter.abort();
    reader.abort();
    await left;
    await until('nobody watches', () => watches.size === 0);
    const runs = await ring.client(token).get<Listed<RunView>>('/v1/runs');
    expect(runs.body.data.map(({ id }) => id)).toContain(response.headers.get('headgate-run-id'));
    expect(runs.body.data).toHaveLength(2);
    for (const { id } of runs.body.data) {
      expect((await read(id)).finishedAt).toBeNull();
      await cancel(id);
      expect((await endedRun(tenant.api, id)).status).toBe('cancelled');
    }
  });

  it('takes a body of its schema alone', async () => {
    for (const body of [
      { ttlSeconds: 0 },
      { ttlSeconds: 86_401 },
      { timeoutSeconds: 0 },
      { timeoutSeconds: 1.5 },
      { sessionId: '' },
      { sessionId: 'x'.repeat(256) },
      { sessionId: 'a\u0000' },
      { endUserId: '' },
      { metadata: { a: {} } },
      { metadata: { a: null } },
      { metadata: [] },
      { surplus: {} },
    ]) {
      const { status, body: problem } = await start('echo', body);
      expect([body, status, (problem as unknown as { code: string }).code]).toEqual([
        body,
        400,
        'request.invalid',
      ]);
    }
  });
});
