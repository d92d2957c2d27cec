import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  echoFlow,
  KAFKA_WITHIN_MS,
  KafkaBroker,
  type Tenant,
  TestCell,
  twoStepFlow,
  until,
  withKafka,
} from '#libs/testing';
import type { RunView } from '../gateway/world.ts';
import { UnderLoad } from './under-load.ts';

/** Longer than an executor waits before it parks, and than one may be silent; in the long suite, an outage. */
const AWAY_MS = process.env['HEADGATE_TEST_LONG'] ? 60_000 : 9_000;

/** Of a broker that owes answers. */
const SILENCE = 'Kafka has not answered for ';

const KEPT = `select count(*)::integer from run_event where type = 'node.completed' and data->>'nodeId' = 'First-1'`;

withKafka(describe)('a cell whose broker is away', () => {
  let directory: string;
  let broker: KafkaBroker;
  let cell: TestCell;
  let tenant: Tenant;
  let token: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-broker-'));
    broker = new KafkaBroker({ directory: join(directory, 'kafka') });
    const brokers = [await broker.start()];
    cell = await TestCell.create({ brokers });
    await cell.startAll();
    tenant = await cell.tenant();
    ({ token } = await tenant.deploy('echo', echoFlow()));
    await tenant.deploy('slow', twoStepFlow(AWAY_MS));
  }, KAFKA_WITHIN_MS);
  afterAll(async () => {
    await cell.dispose();
    await broker.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const begin = async (deployment: string) =>
    (await tenant.api.post<RunView>(`/v1/deployments/${deployment}/runs`, { input: 'hello' })).body.id;
  /** Each is there all the while, and says how it is. */
  const saySilence = async () => {
    const answers = await Promise.all(cell.processes.map(({ url }) => fetch(`${url}/readyz`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const bodies = (await Promise.all(answers.map((one) => one.json()))) as { degraded: string[] }[];
    return bodies.map(({ degraded }) => degraded.some((sentence) => sentence.startsWith(SILENCE)));
  };
  const count = async (statement: string) => (await cell.rows<{ count: number }>(statement))[0]?.count;

  it.each(['killed', 'frozen'] as const)(
    'goes on with all that it had when one that was %s is back, and takes nothing away',
    async (how) => {
      const before = await count(KEPT);
      const running = await Promise.all(Array.from({ length: 3 }, () => begin('slow')));
      await until('they run', async () => (await count(KEPT)) === (before ?? 0) + 3);
      if (how === 'killed') await broker.kill();
      else broker.freeze();
      const queued = await Promise.all(Array.from({ length: 5 }, () => begin('echo')));
      const load = new UnderLoad(cell, token);
      await sleep(AWAY_MS);
      await load.end();
      expect(cell.processes.filter(({ isUp }) => !isUp)).toEqual([]);
      expect(await saySilence()).toEqual([true, true, true, true]);
      expect([load.swollen, load.bad]).toEqual([[], []]);
      expect(load.accepted.length).toBeGreaterThan(0);
      if (how === 'killed') await broker.start();
      else broker.thaw();
      const ids = [...queued, ...running, ...load.accepted];
      await until(
        'all has ended',
        async () => (await count('select count(*)::integer from run_live')) === 0,
        120_000,
      );
      const ended = await cell.rows(
        `select from run where id = any($1::uuid[]) and status = 'succeeded' and attempt = 1`,
        [ids],
      );
      expect(ended).toHaveLength(ids.length);
      expect(await count(`select count(*)::integer from run_event where type = 'run.retried'`)).toBe(0);
      await until('nobody misses the broker', async () => !(await saySilence()).includes(true));
    },
    240_000,
  );
});
