import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asKafkaAdmin, DONE, grantRoles, KafkaBus, oneByOne } from '#libs/bus';
import { commandTo, RunProgress, TOPICS, type Topic } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { echoFlow, KAFKA_WITHIN_MS, KafkaBroker, TestCell, until, withKafka } from '#libs/testing';
import { endedRun, type RunView } from '../gateway/world.ts';

const log = createLogger('test', 'silent');
const users = {
  admin: 'password-of-admin',
  gateway: 'password-of-gateway',
  conductor: 'password-of-conductor',
  executor: 'password-of-executor',
  recorder: 'password-of-recorder',
  another: 'password-of-another',
};

withKafka(describe)('a cell whose roles have logins of their own', () => {
  let directory: string;
  let broker: KafkaBroker;
  let cell: TestCell;
  /** Of the executor's login. */
  let bus: KafkaBus;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-logins-'));
    broker = new KafkaBroker({ directory, users });
    await broker.start();
    cell = await TestCell.create({ guarded: broker });
    await grantRoles(cell.kafkaSettings(), [{ role: 'executor', login: 'another' }], log);
    await cell.startAll();
    bus = await KafkaBus.connect(cell.kafkaSettings('executor'), log);
  }, KAFKA_WITHIN_MS);
  afterAll(async () => {
    await bus.close();
    await cell.dispose();
    await broker.stop();
    rmSync(directory, { recursive: true });
  }, KAFKA_WITHIN_MS);

  it('runs', async () => {
    const tenant = await cell.tenant();
    await tenant.deploy('echo', echoFlow());
    const { body } = await tenant.api.post<RunView>('/v1/deployments/echo/runs', { input: 'hello' });
    expect(await endedRun(tenant.api, body.id)).toMatchObject({
      status: 'succeeded',
      output: { text: 'hello' },
    });
  }, 30_000);

  it('has an executor that can write no command and no progress', async () => {
    const [executorId, runId] = [newId(), newId()];
    const cancel = commandTo(null, { kind: 'cancel', executorId, runId, attempt: 1 }, bus.partitions);
    const progress = RunProgress.encode(newId(), { runId, attempt: 1, lastSeq: 2, events: [] });
    for (const message of [cancel, progress])
      await expect(bus.publish([message])).rejects.toThrow('Not authorized to access topics');
  }, 30_000);

  it('has an executor that can read nothing but commands', async () => {
    const admin = await KafkaBus.connect(cell.kafkaSettings(), log);
    const read = async (by: KafkaBus, topic: Topic) => {
      const texts: string[] = [];
      const handle = oneByOne(({ value }) => {
        texts.push(value.toString('utf8'));
        return DONE;
      });
      await by.subscribe({ reader: 'executor', topic, group: 'alone', handle });
      return texts;
    };
    for (const topic of Object.values(TOPICS)) {
      const [ours, theirs] = await Promise.all([read(admin, topic), read(bus, topic)]);
      // the second shows that the first has had its time
      for (const text of ['first', 'second']) {
        await admin.publish([{ topic, key: 'k', headers: {}, value: Buffer.from(text) }]);
        await until(`"${text}" is read`, () => ours.includes(text));
      }
      if (topic === TOPICS.executorCommand)
        await until('the executor has read it too', () => theirs.includes('first'));
      else expect([topic, ...theirs]).toEqual([topic]);
    }
    await admin.close();
  }, 60_000);

  it('has an executor that can neither see nor move the offsets of another group', async () => {
    const { prefix } = cell.kafkaSettings();
    const groupId = `${prefix}hg.recorder/${TOPICS.runEvent}`;
    const topic = `${prefix}${TOPICS.runEvent}`;
    const ask = (login: string) =>
      asKafkaAdmin(cell.kafkaSettings(login), log, (admin) =>
        admin.fetchOffsets({ groupId, topics: [topic] }),
      );
    expect(await ask('recorder')).toHaveLength(1);
    await expect(ask('executor')).rejects.toThrow('group coordinator');
  }, 60_000);

  it('has executors that can neither see nor leave each other’s groups, where each has its own login', async () => {
    const { prefix = '' } = cell.kafkaSettings();
    const theirs = (login: string) =>
      asKafkaAdmin(cell.kafkaSettings(login), log, async (admin) => {
        const { groups } = await admin.listGroups();
        return groups.map(({ groupId }) => groupId.slice(prefix.length));
      });
    const ours = await theirs('executor');
    expect(ours.length).toBeGreaterThan(0);
    for (const group of ours) expect(group).toMatch(/^hg\.executor\/executor\//);
    expect(await theirs('another')).toEqual([]);
  }, 60_000);
});
