import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ApiClient,
  chain,
  chatInput,
  chatOutput,
  fault,
  prompt,
  type Tenant,
  TestRing,
  until,
} from '#libs/testing';

interface Event {
  seq: number;
  attempt: number;
  type: string;
  data: Record<string, unknown>;
}

describe('a runner that dies, and one that does not stop', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start({ maxRunners: 4 });
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  const startOf = async (api: ApiClient, name: string) =>
    (await api.post<{ id: string }>(`/v1/deployments/${name}/runs`, { input: 'hi' })).body.id;
  const eventsOf = async (api: ApiClient, id: string) =>
    (await api.get<{ data: Event[] }>(`/v1/runs/${id}/events?limit=200`)).body.data;
  const ended = (api: ApiClient, id: string) =>
    until('the run ends', async () => {
      const { body } = await api.get<{
        status: string;
        attempt: number;
        finishedAt: string | null;
        error: { code: string } | null;
        output: { text: string };
      }>(`/v1/runs/${id}`);
      return body.finishedAt !== null && body;
    });

  it('goes on behind the last completed node when its runner is killed', async () => {
    const slow = await tenant.deploy(
      'slow',
      chain(
        chatInput(),
        prompt('Prompt-1', '<{in}>', ['in']),
        fault('TestSleep', 'Sleep-1', 800),
        chatOutput(),
      ),
    );
    const api = ring.client(slow.token);
    const id = await startOf(api, 'slow');
    await until('the sleeping node has started', async () =>
      (await eventsOf(api, id)).some(
        (event) => event.type === 'node.started' && event.data['nodeId'] === 'Sleep-1',
      ),
    );
    for (const pid of ring.standalone.executor.pool.processIds()) process.kill(pid, 'SIGKILL');
    const run = await ended(api, id);
    expect(run).toMatchObject({ status: 'succeeded', attempt: 2, output: { text: '<hi>' } });
    const events = await eventsOf(api, id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const started = events
      .filter((event) => event.type === 'node.started')
      .map((event) => event.data['nodeId']);
    expect(started).toEqual(['ChatInput-1', 'Prompt-1', 'Sleep-1', 'Sleep-1', 'ChatOutput-1']);
  });

  it('kills a run that does not stop, and lets its neighbours go on without a failure', async () => {
    const spin = await tenant.deploy(
      'spin',
      chain(chatInput(), fault('TestDeaf', 'Deaf-1', 60_000), chatOutput()),
    );
    const slow = await tenant.deploy(
      'neighbour',
      chain(chatInput(), fault('TestSleep', 'Sleep-1', 7_000), chatOutput()),
    );
    const spinning = await startOf(ring.client(spin.token), 'spin');
    const api = ring.client(slow.token);
    const neighbour = await startOf(api, 'neighbour');
    await until('both run', async () =>
      (await eventsOf(api, neighbour)).some(
        (event) => event.type === 'node.started' && event.data['nodeId'] === 'Sleep-1',
      ),
    );
    const cancelledAt = performance.now();
    await ring.client(spin.token).post(`/v1/runs/${spinning}/cancel`);
    const killed = await ended(ring.client(spin.token), spinning);
    expect(killed.status).toBe('cancelled');
    expect(performance.now() - cancelledAt).toBeLessThan(10_000);
    const run = await until(
      'the neighbour ends',
      async () => {
        const { body } = await api.get<{ status: string; attempt: number; finishedAt: string | null }>(
          `/v1/runs/${neighbour}`,
        );
        return body.finishedAt !== null && body;
      },
      20_000,
    );
    expect(run).toMatchObject({ status: 'succeeded', attempt: 2 });
    const retried = (await eventsOf(api, neighbour)).find((event) => event.type === 'run.retried');
    expect(retried?.data['reason']).toBe('it was given back');
  });
});
