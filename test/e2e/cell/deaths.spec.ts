import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  echoFlow,
  KAFKA_WITHIN_MS,
  type RoleProcess,
  type Tenant,
  TestCell,
  twoStepFlow,
  until,
  withKafka,
} from '#libs/testing';
import { endedRun, type RunView } from '../gateway/world.ts';

const PROMISED_RESUME_MS = 10_000;
const PROMISED_LEAD_MS = 2_000;

withKafka(describe)('a cell of which processes die', () => {
  let cell: TestCell;
  let tenant: Tenant;
  beforeAll(async () => {
    cell = await TestCell.create();
    await cell.startAll({ gateway: 2, conductor: 2, recorder: 2, executor: 2 });
    tenant = await cell.tenant();
    await tenant.deploy('echo', echoFlow());
    await tenant.deploy('slow', twoStepFlow(2_000));
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  const begin = async (deployment: string) =>
    (await tenant.api.post<RunView>(`/v1/deployments/${deployment}/runs`, { input: 'hello' })).body.id;
  const eventsOf = (id: string) =>
    cell.rows<{ type: string; data: Record<string, unknown> }>(
      'select type, data from run_event where run_id = $1 order by seq',
      [id],
    );
  const typesOf = async (id: string) => (await eventsOf(id)).map(({ type }) => type);
  /** A slow run of which a node is done and the next has begun. */
  const halfway = async () => {
    const id = await begin('slow');
    await until('the first node is kept', async () => {
      const rows = await cell.rows(`select from run_checkpoint where run_id = $1 and node_id = 'First-1'`, [
        id,
      ]);
      return rows.length > 0;
    });
    return id;
  };
  const holderOf = async (id: string): Promise<RoleProcess> => {
    const [row] = await cell.rows<{ executor_id: string }>(
      'select executor_id from run_live where run_id = $1',
      [id],
    );
    const holder = cell.of('executor').find(({ log }) => log.includes(row?.executor_id ?? '?'));
    if (!holder) throw new Error('no executor has the run');
    return holder;
  };
  const leads = async (one: RoleProcess): Promise<boolean> => {
    const { degraded } = (await (await fetch(`${one.url}/readyz`)).json()) as { degraded: string[] };
    return !degraded.some((sentence) => sentence.includes('stands by'));
  };
  const leader = async (): Promise<RoleProcess> => {
    for (const one of cell.of('conductor')) if (await leads(one)) return one;
    throw new Error('nobody leads');
  };
  const startedAgain = (id: string) =>
    until(
      'it was started again',
      async () => (await typesOf(id)).filter((type) => type === 'run.started').length === 2,
      2 * PROMISED_RESUME_MS,
    );
  const expectResumed = async (id: string) => {
    const started = (await eventsOf(id)).filter(({ type }) => type === 'node.started');
    const nodes = started.map(({ data }) => data['nodeId']);
    expect(nodes.filter((node) => node === 'First-1')).toHaveLength(1);
  };

  it('goes on with a run from its last node when its executor is killed', async () => {
    const id = await halfway();
    const holder = await holderOf(id);
    await holder.kill();
    await startedAgain(id);
    expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
    await expectResumed(id);
    await holder.start();
  }, 60_000);

  it('goes on with a run when its executor is frozen, which then has nothing more to say', async () => {
    const id = await halfway();
    const holder = await holderOf(id);
    holder.freeze();
    await startedAgain(id);
    holder.thaw();
    expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
    await expectResumed(id);
    const after = await begin('echo');
    expect((await endedRun(tenant.api, after)).status).toBe('succeeded');
  }, 60_000);

  it.each(['kill', 'freeze'] as const)(
    'is led by another conductor when one leads that meets a %s',
    async (how) => {
      const id = await halfway();
      const before = await leader();
      if (how === 'kill') await before.kill();
      else before.freeze();
      const others = cell.of('conductor').filter((one) => one !== before);
      await until(
        'another leads',
        async () => {
          for (const one of others) if (await leads(one)) return true;
          return false;
        },
        2 * PROMISED_LEAD_MS,
      );
      const echo = await begin('echo');
      expect((await endedRun(tenant.api, echo)).status).toBe('succeeded');
      expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
      expect(await typesOf(id)).not.toContain('run.retried');
      if (how === 'kill') await before.start();
      else before.thaw();
    },
    60_000,
  );

  it('loses nothing when a recorder is killed', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => begin('slow')));
    await cell.of('recorder')[0]?.kill();
    for (const id of ids) expect((await endedRun(tenant.api, id)).status).toBe('succeeded');
    await cell.of('recorder')[0]?.start();
  }, 60_000);

  it('serves its streams at another gateway when one is killed', async () => {
    const id = await halfway();
    const [first, second] = cell.of('gateway');
    await first?.kill();
    const token = tenant.api['token'];
    const events = await fetch(`${second?.url}/v1/runs/${id}/events`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'last-event-id': '2' },
    });
    expect(await events.text()).toContain('event: run.succeeded');
    await first?.start();
  }, 60_000);
});
