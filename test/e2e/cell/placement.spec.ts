import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ApiClient,
  KAFKA_WITHIN_MS,
  type RoleProcess,
  sleepingFlow,
  TestCell,
  until,
  withKafka,
} from '#libs/testing';
import type { RunView } from '../gateway/world.ts';

/** Of a run whose executor died: until it goes on elsewhere. */
const PROMISED_MS = 10_000;
const MANY = 40;
const FEW = 5;
/** Of which a runner has some waves. */
const FLOOD = 300;

withKafka(describe)('of two executors', () => {
  let cell: TestCell;
  beforeAll(async () => {
    cell = await TestCell.create({ env: { HEADGATE_MAX_RUNNERS: '2' } });
    await cell.startAll({ executor: 2 });
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  /** Calls a flow of an organization of its own; gives the ids of its runs. */
  const caller = async (ms: number) => {
    const { token } = await (await cell.tenant()).deploy('sleeps', sleepingFlow(ms));
    const api = new ApiClient(cell.gatewayUrl, token);
    return (count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const { body } = await api.post<RunView>('/v1/deployments/sleeps/runs', { input: 'hi' });
          return body.id;
        }),
      );
  };
  /** The runs of these that have ended well, in the order of their ends. */
  const ended = (ids: readonly string[]) =>
    cell.rows<{ id: string; executorId: string }>(
      `select r.id, e.data->>'executorId' as "executorId" from run r
       join run_event e on e.run_id = r.id and e.attempt = r.attempt and e.type = 'run.started'
       where r.id = any($1::uuid[]) and r.status = 'succeeded' order by r.finished_at`,
      [ids],
    );
  const endWithin = (ids: readonly string[], ms: number) =>
    until(
      `${ids.length} runs end`,
      async () => {
        const rows = await ended(ids);
        return rows.length === ids.length && rows;
      },
      ms,
    );
  const isIn = ({ log }: RoleProcess, executorId: string) => log.includes(executorId);

  it.each(['dead', 'frozen'] as const)(
    'the living one has all runs of all organizations in time when the other is %s',
    async (how) => {
      const [callMany, callFew] = [await caller(300), await caller(300)];
      // both have been heard, and serve both
      const before = [...(await callMany(2)), ...(await callFew(2))];
      await endWithin(before, 2 * PROMISED_MS);
      const [gone, living] = cell.of('executor') as [RoleProcess, RoleProcess];
      if (how === 'dead') await gone.kill();
      else gone.freeze();
      const many = await callMany(MANY);
      const few = await callFew(FEW);
      const rows = await endWithin([...many, ...few], 2 * PROMISED_MS);
      expect(rows.filter(({ executorId }) => !isIn(living, executorId))).toEqual([]);
      if (how === 'dead') await gone.start();
      else gone.thaw();
    },
    120_000,
  );

  it('the one with room serves in turn whoever the other, whose runner is busy, cannot take', async () => {
    await Promise.all(cell.of('executor').map((one) => one.end()));
    const env = { HEADGATE_MAX_RUNNERS: '1' };
    await Promise.all([cell.start('executor', env), cell.start('executor', env)]);
    const long = await (await caller(60_000))(1);
    await until('it runs', async () => {
      const running = await cell.rows(`select from run_live where status = 'running'`);
      return running.length === long.length;
    });
    const [callMany, callFew] = [await caller(600), await caller(600)];
    const many = await callMany(FLOOD);
    const few = await callFew(FEW);
    const rows = await endWithin([...many, ...few], 2 * PROMISED_MS);
    expect(new Set(rows.map(({ executorId }) => executorId)).size).toBe(1);
    // the runner that is free is not kept by those who were first
    expect(rows.findLastIndex(({ id }) => few.includes(id))).toBeLessThan(rows.length - 1);
    expect(await ended(long)).toEqual([]);
  }, 120_000);
});
