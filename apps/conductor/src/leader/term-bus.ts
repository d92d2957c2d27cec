import { Bus, type Reading, type Subscription } from '#libs/bus';
import { type BusMessage, TOPICS } from '#libs/contracts';
import type { Roads } from './roads.ts';

/** The bus as a term has it: whatever it commands is said on its roads. */
export class TermBus extends Bus {
  constructor(
    private readonly bus: Bus,
    private readonly roads: Roads,
  ) {
    super();
  }

  get partitions(): number {
    return this.bus.partitions;
  }

  /** A command to one who has not been heard in this term is not sent: it would not be believed. */
  async publish(messages: readonly BusMessage[]): ReturnType<Bus['publish']> {
    const said = messages.flatMap((message) => {
      if (message.topic !== TOPICS.executorCommand) return [message];
      return this.roads.say(message) ?? [];
    });
    return said.length === 0 ? [] : this.bus.publish(said);
  }

  subscribe(subscription: Subscription): Promise<Reading> {
    return this.bus.subscribe(subscription);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
