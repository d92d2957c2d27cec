import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUpKafka } from '#libs/bus';
import { newId } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { whyNoKafka } from './broker-jars.ts';
import { KafkaBroker } from './kafka-broker.ts';

/** What a first broker on a machine may need; each `beforeAll` that waits for one allows for it. */
export const KAFKA_WITHIN_MS = 240_000;
const PARTITIONS = 4;
const KAFKA_URL = 'HEADGATE_TEST_KAFKA_URL';

type Suite = (name: string, body: () => void) => void;

/** Jest's `describe` for a suite that needs Kafka: skipped where there can be none, with the reason in its name. */
export function withKafka(describe: Suite & { skip: Suite }, why = whyNoKafka()): Suite {
  return why === undefined ? describe : (name, body) => describe.skip(`${name} (${why.split(':')[0]})`, body);
}

type SharedBroker = Pick<KafkaBroker, 'directory' | 'start' | 'stop' | 'settings'>;

export interface TestKafka {
  stop(): Promise<void>;
}

/** Stands ready to start one broker for all test files, whichever of them asks first, in whatever process. */
export async function startTestKafka(
  broker: SharedBroker = new KafkaBroker({ directory: join(tmpdir(), `headgate-test-${newId()}`, 'kafka') }),
): Promise<TestKafka> {
  let starting: Promise<string> | undefined;
  const server = createServer(async (_request, response) => {
    starting ??= startWithTopics(broker);
    await starting.then(
      (address) => response.end(address),
      (cause: Error) => response.writeHead(500).end(cause.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env[KAFKA_URL] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await starting?.catch(() => undefined);
      await broker.stop();
      await rm(join(broker.directory, '..'), { recursive: true, force: true });
    },
  };
}

/** The brokers that all test files share, with the product's topics. */
export async function testBrokers(): Promise<string[]> {
  const url = process.env[KAFKA_URL];
  if (url === undefined) throw new Error('the test Kafka is offered by the global setup');
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.split(',');
}

async function startWithTopics(broker: SharedBroker): Promise<string> {
  const address = await broker.start();
  await setUpKafka(broker.settings(), PARTITIONS, createLogger('kafka', 'silent'));
  return address;
}
