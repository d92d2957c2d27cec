import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asKafkaAdmin } from '#libs/bus';
import { TOPICS } from '#libs/contracts';
import { createLogger } from '#libs/telemetry';
import { echoFlow, KAFKA_WITHIN_MS, type Tenant, TestCell, until, withKafka } from '#libs/testing';
import { allRows } from '../all-rows.ts';
import { endedRun, type RunView } from '../gateway/world.ts';

withKafka(describe)('a cell whose recorders begin with the first event again', () => {
  let cell: TestCell;
  let tenant: Tenant;
  beforeAll(async () => {
    cell = await TestCell.create();
    await cell.startAll();
    tenant = await cell.tenant();
    await tenant.deploy('echo', echoFlow());
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  const run = async () => {
    const { body } = await tenant.api.post<RunView>('/v1/deployments/echo/runs', { input: 'hello' });
    return endedRun(tenant.api, body.id);
  };
  const rows = () => allRows((statement) => cell.rows(statement));

  it('writes none of them again, and goes on', async () => {
    for (let count = 0; count < 5; count += 1) await run();
    const [recorder] = cell.of('recorder');
    await recorder?.end();
    const before = await rows();
    const settings = cell.kafkaSettings();
    await asKafkaAdmin(settings, createLogger('test', 'silent'), (admin) =>
      admin.resetOffsets({
        groupId: `${settings.prefix}hg.recorder/${TOPICS.runEvent}`,
        topic: `${settings.prefix}${TOPICS.runEvent}`,
        earliest: true,
      }),
    );
    await recorder?.start();
    const reported = before.filter((row) => row.startsWith('run_event:')).length - 5;
    const delivered = async () => {
      const text = await (await fetch(`${recorder?.url}/metrics`)).text();
      return Number(/^headgate_events_delivered_total (\d+)/m.exec(text)?.[1] ?? 0);
    };
    await until('all have come again', async () => (await delivered()) >= reported, 30_000);
    expect(await rows()).toEqual(before);
    expect((await run()).status).toBe('succeeded');
  }, 90_000);
});
