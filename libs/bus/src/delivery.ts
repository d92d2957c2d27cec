import type { Topic } from '#libs/contracts';

/** Where a message stands on the bus. */
export interface Place {
  partition: number;
  offset: number;
}

export interface Delivery extends Place {
  topic: Topic;
  key: string;
  headers: Readonly<Record<string, string>>;
  value: Buffer;
  /** When the bus took it, by the clock of the bus; milliseconds since the epoch. */
  sentAtMs: number;
}

/** What became of a delivery. Only `retry` brings it back; `dead` keeps its bytes as a dead letter and goes on. */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'skip'; reason: string }
  | { kind: 'retry'; cause: unknown }
  | { kind: 'dead'; reason: string };
