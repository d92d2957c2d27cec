import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { echoFlow, promptChain, sleepingFlow, type Tenant, TestRing } from '#libs/testing';
import type { EventView, Listed, RunView } from './world.ts';

/** Heads are asked for each second; twice that, and the run itself. */
const BOUND_MS = 4_000;

type Loss = 'none' | 'all' | 'some';

describe('hints of progress that are lost, doubled or late', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let loss: Loss = 'none';
  let count = 0;
  beforeAll(async () => {
    ring = await TestRing.start({
      bus: {
        fault: ({ topic }) => {
          if (topic !== TOPICS.runProgress || loss === 'none') return { copies: 1, delayMs: 0 };
          count += 1;
          if (loss === 'all') return { copies: 0, delayMs: 0 };
          return { copies: count % 3, delayMs: count % 5 === 0 ? 30 : 0 };
        },
      },
    });
    tenant = await ring.tenant();
    await tenant.deploy('echo', echoFlow());
    await tenant.deploy('long', promptChain(20));
    await tenant.deploy('slow', sleepingFlow(300));
  });
  afterEach(() => {
    loss = 'none';
  });
  afterAll(() => ring.dispose());

  const wait = (name: string) =>
    tenant.api.post<RunView>(`/v1/deployments/${name}/runs?wait=20`, { input: 'hi' });
  const readAll = async (path: string, method = 'GET') => {
    const { events, response } = await tenant.api.stream(path, {
      method,
      ...(method === 'POST' && { body: { input: 'hi' } }),
    });
    const frames = [];
    for await (const frame of events) frames.push(frame);
    return { id: response.headers.get('headgate-run-id') ?? '', frames };
  };
  const expectLog = async ({ id, frames }: Awaited<ReturnType<typeof readAll>>) => {
    const { body } = await tenant.api.get<Listed<EventView>>(`/v1/runs/${id}/events?limit=200`);
    expect(frames.at(-1)?.type).toBe('end');
    expect(frames.slice(0, -1).map(({ data }) => JSON.parse(data))).toEqual(body.data);
  };

  it('cost those who wait no more than a look at the log', async () => {
    loss = 'all';
    count = 0;
    const began = performance.now();
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => wait('echo')),
      wait('slow'),
      wait('long'),
    ]);
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    for (const { status, body } of answers) expect([status, body.status]).toEqual([200, 'succeeded']);
    // the hints were really taken away
    expect(count).toBeGreaterThan(12);
  });

  it('cost those who read no more either, and no event', async () => {
    loss = 'all';
    const began = performance.now();
    const started = await tenant.api.post<RunView>('/v1/deployments/slow/runs', { input: 'x' });
    const reads = await Promise.all([
      ...['echo', 'slow', 'long'].map((name) => readAll(`/v1/deployments/${name}/runs`, 'POST')),
      readAll(`/v1/runs/${started.body.id}/events`),
    ]);
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    for (const read of reads) await expectLog(read);
  });

  it('leave every answer and every log whole where only some are lost, doubled or late', async () => {
    loss = 'some';
    const waiting = Array.from({ length: 8 }, () => wait('long'));
    const reads = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        readAll(`/v1/deployments/${index % 2 === 0 ? 'long' : 'slow'}/runs`, 'POST'),
      ),
    );
    for (const read of reads) await expectLog(read);
    for (const { body } of await Promise.all(waiting)) {
      expect(body.status).toBe('succeeded');
      expect((await tenant.api.get(`/v1/runs/${body.id}`)).body).toEqual(body);
    }
  });
});
