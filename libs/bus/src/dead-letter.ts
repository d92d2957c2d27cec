import { type BusMessage, TOPICS } from '#libs/contracts';
import type { Delivery } from './bus.ts';

/** A delivery that nobody can read, with its bytes, its place and the reason. */
export function deadLetterOf(reader: string, delivery: Delivery, reason: string): BusMessage {
  return {
    topic: TOPICS.dead,
    key: delivery.key,
    headers: {
      ...delivery.headers,
      'dead-reader': reader,
      'dead-topic': delivery.topic,
      'dead-partition': String(delivery.partition),
      'dead-offset': String(delivery.offset),
      'dead-reason': reason,
    },
    value: delivery.value,
  };
}
