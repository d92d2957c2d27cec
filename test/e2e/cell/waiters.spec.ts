import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, KAFKA_WITHIN_MS, sleepingFlow, TestCell, until, withKafka } from '#libs/testing';
import type { RunView } from '../gateway/world.ts';

const WAITERS = 500;
const PROMISED_MS = 10_000;

withKafka(describe)('five hundred callers that wait at two gateways', () => {
  let cell: TestCell;
  let token: string;
  beforeAll(async () => {
    cell = await TestCell.create();
    await cell.startAll({ gateway: 2, recorder: 2, executor: 0 });
    const tenant = await cell.tenant();
    const flow = sleepingFlow(200);
    ({ token } = await tenant.deploy('sleeps', flow));
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  it('are all answered when one of two recorders is killed', async () => {
    const callers = cell.of('gateway').map(({ url }) => new ApiClient(url, token));
    const waiting = Array.from({ length: WAITERS }, async (_, index) => {
      const input = `caller ${index}`;
      const { status, body } = await (callers[index % 2] as ApiClient).post<RunView>(
        '/v1/deployments/sleeps/runs?wait=120',
        { input },
      );
      return { status, text: body.output?.text, input };
    });
    const counts = async (statement: string) => (await cell.rows(statement)).length;
    await until('all wait', async () => (await counts('select from run')) === WAITERS, 60_000);
    // nobody was there to run them
    await cell.start('executor');
    const begun = `select from run_event where type = 'run.started'`;
    await until('they begin', async () => (await counts(begun)) > 0, 30_000);
    await cell.of('recorder')[0]?.kill();
    const killedMs = performance.now();
    const answers = await Promise.all(waiting);
    const tookMs = performance.now() - killedMs;
    expect(answers.filter(({ status, text, input }) => status !== 200 || text !== input)).toEqual([]);
    expect(tookMs).toBeLessThan(2 * PROMISED_MS);
  }, 180_000);
});
