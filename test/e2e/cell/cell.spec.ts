import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureKeysFile } from '#libs/crypto';
import {
  ApiClient,
  echoFlow,
  KAFKA_WITHIN_MS,
  type Tenant,
  TestCell,
  twoStepFlow,
  until,
  withKafka,
} from '#libs/testing';
import { endedRun, type RunView } from '../gateway/world.ts';

withKafka(describe)('a cell of processes', () => {
  let cell: TestCell;
  let tenant: Tenant;
  beforeAll(async () => {
    cell = await TestCell.create();
    await cell.startAll({ gateway: 2 });
    tenant = await cell.tenant();
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  const refusal = async (...[role, env]: Parameters<TestCell['make']>) => {
    const one = await cell.make(role, env);
    one.launch();
    await until('it has ended', () => !one.isUp);
    return one.log;
  };

  it('answers a run at whichever gateway', async () => {
    const { token } = await tenant.deploy('echo', echoFlow());
    for (const gateway of cell.of('gateway')) {
      const { status, body } = await new ApiClient(gateway.url, token).post<RunView>(
        '/v1/deployments/echo/runs',
        { input: 'hello' },
        { prefer: 'wait=10' },
      );
      expect([status, body.output?.text]).toEqual([200, 'hello']);
    }
  }, 30_000);

  it('goes on at once with what an executor gives back that is told to end', async () => {
    await tenant.deploy('slow', twoStepFlow(1_500));
    const { body } = await tenant.api.post<RunView>('/v1/deployments/slow/runs', { input: 'hello' });
    await until('the first node is kept', async () => {
      const rows = await cell.rows(`select from run_checkpoint where node_id = 'First-1'`);
      return rows.length > 0;
    });
    const [executor] = cell.of('executor');
    expect(await executor?.end()).toBe(0);
    await cell.start('executor');
    const run = await endedRun(tenant.api, body.id);
    expect([run.status, run.attempt, run.output?.text]).toEqual(['succeeded', 2, 'hello']);
    const retried = await cell.rows<{ data: { reason: string } }>(
      `select data from run_event where run_id = $1 and type = 'run.retried'`,
      [body.id],
    );
    expect(retried.map(({ data }) => data.reason)).toEqual(['it was given back']);
  }, 60_000);

  it('has no executor that is given a database', async () => {
    const said = await refusal('executor', { DATABASE_URL: 'postgresql://localhost/headgate' });
    expect(said).toContain('DATABASE_URL: must not be set: an executor runs what tenants wrote');
  }, 30_000);

  it('has no executor that is given more of the keys than that of its pool', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'headgate-keys-'));
    const all = join(directory, 'keys.json');
    ensureKeysFile(all);
    const said = await refusal('executor', { HEADGATE_KEYS_FILE: all });
    expect(said).toMatch(/holds more than the pool key \(.*\broot\b.*\): give executors a file of their own/);
    rmSync(directory, { recursive: true });
  }, 30_000);

  it('says all that its environment lacks', async () => {
    const said = await refusal('conductor', {
      KAFKA_BROKERS: 'nowhere',
      DATABASE_URL: '',
      HEADGATE_KEYS_FILE: '',
    });
    for (const name of ['KAFKA_BROKERS', 'DATABASE_URL', 'HEADGATE_KEYS_FILE'])
      expect(said).toMatch(new RegExp(`^  ${name}: `, 'm'));
  }, 30_000);

  it('says in a sentence that its brokers cannot be reached', async () => {
    const said = await refusal('recorder', { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(said).toMatch(
      /^Kafka cannot be reached at 127\.0\.0\.1:1 \(.*\): start it, or set KAFKA_BROKERS/m,
    );
  }, 30_000);
});
