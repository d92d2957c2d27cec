import { type BusMessage, TOPICS } from '#libs/contracts';
import type { Delivery } from './bus.ts';

/** Of a message's own key and headers, and of the reason, which a parser may have written: the rest is its bytes'. */
const MAX_KEY_LENGTH = 1_000;
const MAX_HEADERS_BYTES = 16 * 1024;
const MAX_REASON_LENGTH = 2_000;
/** What stands around the bytes at most: a letter of a letter that could be sent can be sent. */
const MAX_AROUND_BYTES = 32 * 1024;

/** A delivery that nobody can read, with its bytes, its place and the reason; of what is larger than `maxBytes`, its beginning. */
export function deadLetterOf(
  reader: string,
  delivery: Delivery,
  reason: string,
  maxBytes = Number.POSITIVE_INFINITY,
): BusMessage {
  return {
    topic: TOPICS.dead,
    key: delivery.key.slice(0, MAX_KEY_LENGTH),
    headers: {
      ...firstOf(delivery.headers),
      'dead-reader': reader,
      'dead-topic': delivery.topic,
      'dead-partition': String(delivery.partition),
      'dead-offset': String(delivery.offset),
      'dead-reason': reason.slice(0, MAX_REASON_LENGTH),
    },
    value: delivery.value.subarray(0, maxBytes - MAX_AROUND_BYTES),
  };
}

/** Whoever wrote the message chose them. */
function firstOf(headers: Delivery['headers']): Record<string, string> {
  let bytes = 0;
  const first = Object.entries(headers).filter(([name, text]) => {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    return bytes <= MAX_HEADERS_BYTES;
  });
  return Object.fromEntries(first);
}
