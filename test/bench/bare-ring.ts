import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { asKafkaAdmin } from '#libs/bus';
import { projectRoot } from '#libs/config';
import { createLogger } from '#libs/telemetry';
import type { Measured } from './load.ts';

/** As many processes as hops, each with a topic that the one before writes; the first one asks and hears the answer. */
export class BareRing {
  private constructor(private readonly processes: readonly [ChildProcess, ...ChildProcess[]]) {}

  static async start(broker: string, hops: number): Promise<BareRing> {
    const topics = Array.from({ length: hops }, (_, hop) => `bare-${hops}-${hop}`);
    const settings = { brokers: [broker], clientId: 'bench' };
    await asKafkaAdmin(settings, createLogger('bench', 'silent'), (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: topics.map((topic) => ({ topic, numPartitions: 1 })),
      }),
    );
    const [first, ...rest] = topics.map((topic, hop) =>
      fork(join(projectRoot(), 'scripts', 'bench-bare-ring.mjs'), [broker, topics.at(hop - 1) ?? '', topic], {
        // kafkajs sets timers of which Node 24 warns
        execArgv: ['--no-warnings'],
      }),
    );
    if (!first) throw new Error('a ring has a process');
    await Promise.all([first, ...rest].map((one) => once(one, 'message')));
    return new BareRing([first, ...rest]);
  }

  async measure(inFlight: number, seconds: number): Promise<Measured> {
    const [first] = this.processes;
    const measured = once(first, 'message');
    first.send({ inFlight, seconds });
    return (await measured)[0] as Measured;
  }

  async end(): Promise<void> {
    const ended = this.processes.map((one) => once(one, 'exit'));
    for (const one of this.processes) one.disconnect();
    await Promise.all(ended);
  }
}
