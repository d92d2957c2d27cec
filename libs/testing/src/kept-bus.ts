import { Bus, type Reading } from '#libs/bus';
import { type BusMessage, type ReportedEvent, RunEvents, type RunEventsData, TOPICS } from '#libs/contracts';

type Place = Awaited<ReturnType<Bus['publish']>>[number];

/** A bus that keeps what it is given, for who publishes alone; the test may let it wait, fail or lie about places. */
export class KeptBus extends Bus {
  readonly partitions = 4;
  /** What was taken, publish by publish. */
  readonly batches: BusMessage[][] = [];
  /** Comes before a batch is taken; a throw refuses it. */
  before: (messages: readonly BusMessage[]) => Promise<void> = async () => undefined;
  places: (messages: readonly BusMessage[]) => Place[] = (messages) =>
    messages.map(() => ({ partition: 0, offset: this.batches.length }));

  async publish(messages: readonly BusMessage[]): Promise<Place[]> {
    await this.before(messages);
    this.batches.push([...messages]);
    return this.places(messages);
  }

  async subscribe(): Promise<Reading> {
    throw new Error('nobody reads here');
  }

  async close(): Promise<void> {}

  reports(): RunEventsData[] {
    return this.batches
      .flat()
      .filter((message) => message.topic === TOPICS.runEvent)
      .map((message) => RunEvents.decode(message.value).data);
  }

  events(): ReportedEvent[] {
    return this.reports().flatMap((report) => report.events);
  }
}
