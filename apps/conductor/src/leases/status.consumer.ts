import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading, readMessage } from '#libs/bus';
import { ConductorProbe, ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { isUuid } from '#libs/kernel';
import type { Roads } from '../leader/roads.ts';
import { PROBE_HEADER } from './probe.ts';

export interface Heard {
  /** An executor that has not heard of this term. */
  introduced(executorId: string): Promise<void>;
  status(status: ExecutorStatusData): Promise<void>;
  probe(nonce: string): Promise<void>;
}

/** Hears each second from every executor, and its own leader's probe among them. */
export class StatusConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly roads: Roads,
    private readonly heard: Heard,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.executorStatus,
      group: 'alone',
      handle: oneByOne((delivery) =>
        delivery.headers[PROBE_HEADER] === undefined ? this.status(delivery) : this.probe(delivery),
      ),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async status(delivery: Delivery): Promise<Outcome> {
    const read = readMessage(ExecutorStatus, delivery);
    if ('outcome' in read) return read.outcome;
    const { data } = read.message;
    const { executorId } = data;
    if (!isUuid(executorId)) return { kind: 'dead', reason: 'a status with what is no id' };
    const hearing = this.roads.hear(data, delivery);
    if (hearing.is === 'nothing') return hearing.outcome;
    if (hearing.is === 'introduced') await this.heard.introduced(executorId);
    else {
      await this.heard.status(data);
      this.roads.heard(executorId, hearing.n);
    }
    return DONE;
  }

  private async probe(delivery: Delivery): Promise<Outcome> {
    const read = readMessage(ConductorProbe, delivery);
    if ('outcome' in read) return read.outcome;
    await this.heard.probe(read.message.data.nonce);
    return DONE;
  }
}
