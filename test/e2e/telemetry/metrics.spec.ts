import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProbeServer } from '#libs/http';
import {
  echoFlow,
  freePort,
  KAFKA_WITHIN_MS,
  sleepingFlow,
  type Tenant,
  TestCell,
  TestRing,
  until,
  withKafka,
} from '#libs/testing';

/** The samples of a process, by name and labels. */
async function samplesOf(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('the metrics of a ring', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let probe: ProbeServer;
  beforeAll(async () => {
    ring = await TestRing.start({ maxRunners: 1 });
    tenant = await ring.tenant();
    probe = await ring.standalone.listenForProbes('127.0.0.1', 0);
    await tenant.deploy('echo', echoFlow());
    await tenant.deploy('slow', sleepingFlow(60_000));
  });
  afterAll(async () => {
    await probe.close();
    await ring.dispose();
  });

  const sample = async (name: string) => (await samplesOf(probe.port)).get(name);
  const run = (of: Tenant, deployment: string, more = '') =>
    of.api.post<{ id: string }>(`/v1/deployments/${deployment}/runs${more}`, { input: 'hello' });

  it('count what became of events, and how long their way is', async () => {
    await run(tenant, 'echo', '?wait=10');
    const samples = await samplesOf(probe.port);
    const events = (outcome: string) => samples.get(`headgate_events_total{outcome="${outcome}"}`);
    expect(events('written')).toBeGreaterThanOrEqual(2);
    expect([events('duplicate'), events('fenced'), events('dead')]).toEqual([0, 0, 0]);
    expect(samples.get('headgate_events_delivered_total')).toBe(events('written'));
    expect(samples.get('headgate_events_sent_total')).toBe(events('written'));
    expect(samples.get('headgate_placements_total')).toBe(1);
    expect(samples.get('headgate_conductor_leading')).toBe(1);
    for (const topic of [
      'hg.run.touched.v1',
      'hg.executor.command.v1',
      'hg.run.event.v1',
      'hg.run.progress.v1',
    ])
      expect(samples.get(`headgate_hop_seconds_count{topic="${topic}"}`)).toBeGreaterThan(0);
  });

  it('tell who is busy, and who waits', async () => {
    const other = await ring.tenant();
    await other.deploy('echo', echoFlow());
    const { body } = await run(tenant, 'slow');
    await until('a runner is busy', async () => (await sample('headgate_runners{state="busy"}')) === 1);
    expect(await sample('headgate_attempts_held')).toBe(1);
    const waiter = run(other, 'echo', '?wait=20');
    await run(other, 'echo');
    await until('two wait', async () => (await sample('headgate_queue_runs')) === 2);
    expect(await sample('headgate_queue_organizations')).toBe(1);
    expect(await sample('headgate_watched_runs')).toBe(1);
    await tenant.api.post(`/v1/runs/${body.id}/cancel`);
    expect((await waiter).status).toBe(200);
    await until('nobody waits', async () => (await sample('headgate_queue_runs')) === 0);
    expect(await sample('headgate_watched_runs')).toBe(0);
  });

  it('name no tenant', async () => {
    const text = await (await fetch(`http://127.0.0.1:${probe.port}/metrics`)).text();
    expect(text).toContain('headgate_runners');
    expect(text).not.toContain(tenant.organizationId);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it('are not told at the port that all may reach', async () => {
    expect((await fetch(`${ring.url}/metrics`)).status).toBe(404);
  });
});

withKafka(describe)('the metrics of a cell', () => {
  let cell: TestCell;
  let gatewayPort: number;
  beforeAll(async () => {
    gatewayPort = await freePort();
    cell = await TestCell.create();
    await cell.start('gateway', { HEADGATE_PROBE_PORT: String(gatewayPort) });
    await Promise.all((['conductor', 'recorder', 'executor'] as const).map((role) => cell.start(role)));
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  it('are told by each process of itself, with its requests to the broker', async () => {
    const tenant = await cell.tenant();
    await tenant.deploy('echo', echoFlow());
    const run = () => tenant.api.post('/v1/deployments/echo/runs?wait=20', { input: 'hello' });
    await run();
    const own = {
      conductor: 'headgate_placements_total',
      recorder: 'headgate_events_total{outcome="written"}',
      executor: 'headgate_events_sent_total',
    };
    for (const [role, name] of Object.entries(own)) {
      const samples = await samplesOf(cell.of(role as keyof typeof own)[0]?.port ?? 0);
      expect(samples.get(name)).toBeGreaterThan(0);
      expect(samples.get('headgate_bus_requests_total')).toBeGreaterThan(0);
      expect(samples.get('headgate_bus_waiting_bytes')).toBeGreaterThanOrEqual(0);
    }
    expect((await samplesOf(gatewayPort)).get('headgate_watched_runs')).toBe(0);
    // what came before it had joined it has not heard
    await until('the gateway tells how long the way back is', async () => {
      await run();
      return (await samplesOf(gatewayPort)).has('headgate_hop_seconds_count{topic="hg.run.progress.v1"}');
    });
    expect((await fetch(`${cell.gatewayUrl}/metrics`)).status).toBe(404);
  }, 60_000);
});
