import { Bus, type Reading, type Subscription } from '#libs/bus';
import { type BusMessage, saidInTerm, TOPICS } from '#libs/contracts';

/** The bus as a term has it: whatever it commands is said in that term. */
export class TermBus extends Bus {
  constructor(
    private readonly bus: Bus,
    private readonly term: number,
  ) {
    super();
  }

  get partitions(): number {
    return this.bus.partitions;
  }

  publish(messages: readonly BusMessage[]): ReturnType<Bus['publish']> {
    return this.bus.publish(
      messages.map((message) =>
        message.topic === TOPICS.executorCommand ? saidInTerm(message, this.term) : message,
      ),
    );
  }

  subscribe(subscription: Subscription): Promise<Reading> {
    return this.bus.subscribe(subscription);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
