import type { BusMessage, Contract, Envelope, Topic } from '#libs/contracts';
import { consumingOne } from './bus-spans.ts';
import type { Delivery, Outcome, Place } from './delivery.ts';

export type { Delivery, Outcome, Place } from './delivery.ts';

export const DONE: Outcome = { kind: 'done' };

export interface Subscription {
  /** Who reads, for logs and dead letters. */
  reader: string;
  topic: Topic;
  /**
   * `shared`: members of the reader's group divide the partitions, begin where the group has not been yet, and a delivery
   * counts as read when it is handled. `alone`: sees all that comes from now on; every join is a gap.
   */
  group: 'shared' | 'alone';
  /** Of the topic's partitions, these only. */
  partitions?: readonly number[];
  /** Drops a message by key and headers, before its bytes are touched. */
  accepts?(key: string, headers: Readonly<Record<string, string>>): boolean;
  /** Consecutive deliveries of one partition; partitions come concurrently. One outcome each. */
  handle(deliveries: Delivery[]): Promise<Outcome[]>;
  /** A first or renewed join: what was sent before it may have been missed. */
  joined?(): void;
}

export interface Reading {
  /** Ends when what is being handled has been handled. */
  stop(): Promise<void>;
}

/** The transport of facts and hints between the apps; the one door to it. */
export abstract class Bus {
  abstract readonly partitions: number;
  /** Resolves with their places when the bus has taken all of them. */
  abstract publish(messages: readonly BusMessage[]): Promise<Place[]>;
  abstract subscribe(subscription: Subscription): Promise<Reading>;
  abstract close(): Promise<void>;
}

/** How often a delivery is tried before it is dead. */
export const MAX_TRIES = 5;

/** A subscription that handles deliveries one by one; a throw is `retry`. */
export function oneByOne(handle: (delivery: Delivery) => Promise<Outcome> | Outcome): Subscription['handle'] {
  return async (deliveries) => {
    const outcomes: Outcome[] = [];
    for (const delivery of deliveries) {
      try {
        outcomes.push(await consumingOne(delivery, handle));
      } catch (cause) {
        outcomes.push({ kind: 'retry', cause });
      }
    }
    return outcomes;
  };
}

/** A subscription to one kind of message, handled one by one; bytes that are no such message are dead. */
export function eachMessage<Data>(
  contract: Contract<Data>,
  handle: (message: Envelope<Data>) => Promise<Outcome> | Outcome,
): Subscription['handle'] {
  return oneByOne((delivery) => {
    const read = readMessage(contract, delivery);
    return 'outcome' in read ? read.outcome : handle(read.message);
  });
}

/** What a delivery says, or that it is dead. */
export function readMessage<Data>(
  contract: Contract<Data>,
  delivery: Delivery,
): { message: Envelope<Data> } | { outcome: Outcome } {
  try {
    return { message: contract.decode(delivery.value) };
  } catch (cause) {
    return {
      outcome: { kind: 'dead', reason: `no ${contract.type} message: ${(cause as Error).message}` },
    };
  }
}
