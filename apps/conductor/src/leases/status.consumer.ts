import { type Bus, DONE, eachMessage, type Outcome, type Reading } from '#libs/bus';
import { ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { isUuid } from '#libs/kernel';

/** Hears each second from every executor. */
export class StatusConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly heard: (status: ExecutorStatusData) => Promise<void>,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.executorStatus,
      group: 'alone',
      handle: eachMessage(ExecutorStatus, ({ data }) => this.handle(data)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async handle(status: ExecutorStatusData): Promise<Outcome> {
    if (!isUuid(status.executorId)) return { kind: 'dead', reason: 'a status with what is no id' };
    await this.heard(status);
    return DONE;
  }
}
