import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaBus } from '#libs/bus';
import { projectRoot } from '#libs/config';
import { TOPICS, type Topic } from '#libs/contracts';
import { createLogger } from '#libs/telemetry';
import { KAFKA_WITHIN_MS, KafkaBroker, withKafka } from '#libs/testing';
import { hostPath } from '../start/installation.ts';

const users = { admin: 'password-of-admin', carol: 'password-of-carol' };
const SETUP_MS = 60_000;

/** As somebody at a terminal runs it. */
function setUp(env: Record<string, string>): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(projectRoot(), 'scripts', 'servers.mjs'), 'kafka-setup'],
      { env: { PATH: hostPath(), HEADGATE_PARTITIONS: '1', ...env } },
      (_cause, stdout, stderr) => resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

withKafka(describe)('the setup of a Kafka for the logins of the roles', () => {
  let directory: string;
  let broker: KafkaBroker;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-setup-'));
    broker = new KafkaBroker({ directory, users });
    await broker.start();
  }, KAFKA_WITHIN_MS);
  afterAll(async () => {
    await broker.stop();
    rmSync(directory, { recursive: true });
  }, 60_000);

  it(
    'grants a login what its role needs, and no more',
    async () => {
      const { code, said } = await setUp({
        KAFKA_BROKERS: broker.address,
        KAFKA_SASL_USERNAME: 'admin',
        KAFKA_SASL_PASSWORD: users.admin,
        KAFKA_ROLE_USERS: 'executor=carol',
      });
      expect([code, said]).toEqual([
        0,
        expect.stringMatching(/^carol may do what the role executor needs$/m),
      ]);
      const bus = await KafkaBus.connect(broker.settings('carol'), createLogger('test', 'silent'));
      const write = (topic: Topic) =>
        bus.publish([{ topic, key: 'key', headers: {}, value: Buffer.from('value') }]);
      expect(await write(TOPICS.executorStatus)).toEqual([{ partition: 0, offset: 0 }]);
      await expect(write(TOPICS.executorCommand)).rejects.toThrow('Not authorized');
      await bus.close();
    },
    SETUP_MS,
  );

  it(
    'says what is no login of a role, and what the roles are',
    async () => {
      const { code, said } = await setUp({
        KAFKA_BROKERS: broker.address,
        KAFKA_ROLE_USERS: 'executor=carol,boss=alice',
      });
      expect([code, said]).toEqual([
        1,
        expect.stringMatching(
          /^ {2}KAFKA_ROLE_USERS: "boss=alice" is not role=login, .* executor, recorder$/m,
        ),
      ]);
    },
    SETUP_MS,
  );
});
