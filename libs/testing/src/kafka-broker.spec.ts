import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asKafkaAdmin, KafkaBus, type KafkaSettings, setUpKafka } from '#libs/bus';
import { createLogger } from '#libs/telemetry';
import { BusProbe } from './bus-probe.ts';
import { KafkaBroker } from './kafka-broker.ts';
import { KAFKA_WITHIN_MS, withKafka } from './kafka-for-tests.ts';

const log = createLogger('test', 'silent');
const MOMENT_MS = 300;
const TOPIC = 'hg.run.event.v1';

const topicsOf = (settings: KafkaSettings) => asKafkaAdmin(settings, log, (admin) => admin.listTopics());

withKafka(describe)('a broker of one’s own', () => {
  const ended: string[] = [];
  let directory: string;
  let broker: KafkaBroker;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-broker-'));
    broker = new KafkaBroker({ directory, ended: (reason) => ended.push(reason) });
    await broker.start();
    await setUpKafka(broker.settings(), 1, log);
  }, KAFKA_WITHIN_MS);
  afterAll(async () => {
    await broker.stop();
    rmSync(directory, { recursive: true });
  }, KAFKA_WITHIN_MS);

  it(
    'goes on with its data and its port where it was killed',
    async () => {
      const { address } = broker;
      const bus = await KafkaBus.connect(broker.settings(), log);
      try {
        const probe = new BusProbe(bus);
        await probe.bus.publish([probe.message('key', 'kept')]);
        await broker.kill();
        expect(await broker.start()).toBe(address);
        const reader = await probe.join({ group: 'shared' });
        await reader.whenSeen(1);
        expect(reader.texts).toEqual(['kept']);
        expect(ended).toEqual([]);
      } finally {
        await bus.close();
      }
    },
    KAFKA_WITHIN_MS,
  );

  it('answers nothing while it is frozen, and what was asked meanwhile when it is thawed', async () => {
    broker.freeze();
    const topics = topicsOf(broker.settings());
    expect(await Promise.race([topics, sleep(MOMENT_MS, 'nothing')])).toBe('nothing');
    broker.thaw();
    expect(await topics).toContain(TOPIC);
  });

  it('says where its port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const another = new KafkaBroker({ directory: join(directory, 'another'), port });
    await expect(another.start()).rejects.toThrow(`The port ${port} is taken`);
    server.close();
  });
});

withKafka(describe)('a broker with users', () => {
  it(
    'lets in nobody else, and only the administrator do what nobody was granted',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'headgate-broker-'));
      const users = { admin: 'password-of-admin', reader: 'password-of-reader' };
      const broker = new KafkaBroker({ directory, users });
      await broker.start();
      try {
        expect(await setUpKafka(broker.settings(), 1, log)).toContain(TOPIC);
        expect(await topicsOf(broker.settings())).toContain(TOPIC);
        expect(await topicsOf(broker.settings('reader'))).toEqual([]);
        const { brokers, clientId } = broker.settings();
        await expect(topicsOf({ brokers, clientId })).rejects.toThrow();
        const guess = { mechanism: 'scram-sha-512', username: 'admin', password: 'guessed' } as const;
        await expect(topicsOf({ brokers, clientId, sasl: guess })).rejects.toThrow('authentication');
      } finally {
        await broker.stop();
        rmSync(directory, { recursive: true });
      }
    },
    KAFKA_WITHIN_MS,
  );
});
