import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Assignment, type BusMessage, ExecutorCommand, TOPICS } from '#libs/contracts';
import { chain, chatInput, chatOutput, fault, prompt, type Tenant, TestRing, until } from '#libs/testing';
import { type EventView, endedRun, type Listed, type RunView } from './gateway/world.ts';

/** Of the ring: how long a run may take to stop before its runner is killed. */
const GRACE_MS = 1_000;

describe('a runner that dies, and one that does not stop', () => {
  let ring: TestRing;
  let tenant: Tenant;
  /** For each run, whether its attempts were tried alone. */
  const alone = new Map<string, boolean[]>();
  beforeAll(async () => {
    const listen = ({ topic, value }: BusMessage) => {
      const command = topic === TOPICS.executorCommand ? ExecutorCommand.decode(value).data : undefined;
      if (command?.kind === 'assign') {
        const opened = ring.standalone.executor['road'].open(
          command,
          Buffer.from(command.sealed ?? '', 'base64'),
        );
        const { runId, isAlone } = Assignment.parse(JSON.parse(opened.toString('utf8')));
        alone.set(runId, [...(alone.get(runId) ?? []), isAlone]);
      }
      return { copies: 1, delayMs: 0 };
    };
    ring = await TestRing.start({ maxRunners: 4, cancelGraceMs: GRACE_MS, bus: { fault: listen } });
    tenant = await ring.tenant();
    const faults = { TestDeaf: 60_000, TestSpin: 60_000, TestCrash: 0 };
    for (const [type, amount] of Object.entries(faults))
      await tenant.deploy(type, chain(chatInput(), failing(type, amount), chatOutput()));
    await tenant.deploy(
      'slow',
      chain(chatInput(), prompt('Prompt-1', '<{in}>', ['in']), failing('TestSleep', 2_500), chatOutput()),
    );
  });
  afterAll(() => ring.dispose());

  const failing = (type: string, amount: number) => fault(type, 'Fault-1', amount);
  const start = async (name: string, more: object = {}) =>
    (await tenant.api.post<RunView>(`/v1/deployments/${name}/runs`, { input: 'hi', ...more })).body.id;
  const eventsOf = async (id: string) =>
    (await tenant.api.get<Listed<EventView>>(`/v1/runs/${id}/events?limit=200`)).body.data;
  const sleeping = async () => {
    const id = await start('slow');
    await until('it sleeps', async () =>
      (await eventsOf(id)).some(({ type, data }) => type === 'node.started' && data['nodeId'] === 'Fault-1'),
    );
    return id;
  };
  /** Ends well with its second attempt, which began behind the last completed node. */
  const expectResumed = async (id: string, reason: string) => {
    expect(await endedRun(tenant.api, id)).toMatchObject({
      status: 'succeeded',
      attempt: 2,
      output: { text: '<hi>' },
    });
    const events = await eventsOf(id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.find(({ type }) => type === 'run.retried')?.data['reason']).toBe(reason);
    const started = events.filter(({ type }) => type === 'node.started').map(({ data }) => data['nodeId']);
    expect(started).toEqual(['ChatInput-1', 'Prompt-1', 'Fault-1', 'Fault-1', 'ChatOutput-1']);
  };

  it('goes on behind the last completed node when its runner is killed', async () => {
    const id = await sleeping();
    for (const pid of ring.standalone.executor.pool.processIds()) process.kill(pid, 'SIGKILL');
    await expectResumed(id, 'its runner ended');
  });

  it('is killed for a cancel that its run does not heed, and neighbours go on without a failure', async () => {
    const deaf = await start('TestDeaf');
    const neighbour = await sleeping();
    const cancelledAt = performance.now();
    await tenant.api.post(`/v1/runs/${deaf}/cancel`);
    expect((await endedRun(tenant.api, deaf)).status).toBe('cancelled');
    expect(performance.now() - cancelledAt).toBeLessThan(2 * GRACE_MS);
    await expectResumed(neighbour, 'it was given back');
    expect(alone.get(neighbour)).toEqual([false, false]);
  });

  it('is killed for a run whose time is over though it holds the thread, and neighbours go on', async () => {
    const neighbour = await sleeping();
    const timeoutSeconds = 1;
    const spinning = await start('TestSpin', { timeoutSeconds });
    const startedAt = performance.now();
    const run = await endedRun(tenant.api, spinning);
    expect(performance.now() - startedAt).toBeLessThan(timeoutSeconds * 1_000 + 2 * GRACE_MS);
    expect(run).toMatchObject({ status: 'timed_out', attempt: 1, error: { code: 'run.timed_out' } });
    await expectResumed(neighbour, 'it was given back');
    expect(alone.get(neighbour)).toEqual([false, false]);
  });

  it('counts a failure for a run whose runner crashed, and tries it alone from then on', async () => {
    const id = await start('TestCrash');
    await until('the second attempt', () => alone.get(id)?.length === 2);
    expect(alone.get(id)).toEqual([false, true]);
    const [live] = await ring.rows('select failures from run_live where run_id = $1', [id]);
    expect(live).toEqual({ failures: 1 });
    const retried = (await eventsOf(id)).find(({ type }) => type === 'run.retried');
    expect(retried?.data['reason']).toBe('its runner ended');
    await tenant.api.post(`/v1/runs/${id}/cancel`);
    await endedRun(tenant.api, id);
  });
});
