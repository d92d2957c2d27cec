import { z } from 'zod';
import { newId, wallMs } from '#libs/kernel';

/** A message as it stands on the bus: bytes under a key. */
export interface BusMessage {
  topic: string;
  key: string;
  /** Only where the key does not decide it. */
  partition?: number;
  headers: Record<string, string>;
  value: Buffer;
  /** The one run that it is about, which a reader learns from its data. */
  runId?: string;
}

export interface Envelope<Data> {
  id: string;
  type: string;
  orgId: string | null;
  occurredAt: string;
  data: Data;
}

/** One kind of message: its topic, its key and its schema. A breaking change is a new topic. */
export interface Contract<Data> {
  readonly topic: string;
  readonly type: string;
  encode(orgId: string | null, data: Data, headers?: Record<string, string>): BusMessage;
  /** Throws where the bytes are not such a message. */
  decode(value: Uint8Array): Envelope<Data>;
}

export function contract<Schema extends z.ZodType>(spec: {
  topic: string;
  type: string;
  data: Schema;
  key: (data: z.output<Schema>) => string;
  /** Where all stand in one order, whatever their keys. */
  partition?: number;
  /** Of what is about one run. */
  run?: (data: z.output<Schema>) => string | undefined;
}): Contract<z.output<Schema>> {
  const envelope = z.object({
    id: z.string(),
    type: z.literal(spec.type),
    orgId: z.string().nullable(),
    occurredAt: z.string(),
    data: z.unknown(),
  });
  return {
    topic: spec.topic,
    type: spec.type,
    encode(orgId, data, headers = {}) {
      const text = JSON.stringify({
        id: newId(),
        type: spec.type,
        orgId,
        occurredAt: new Date(wallMs()).toISOString(),
        data,
      });
      const runId = spec.run?.(data);
      const value = Buffer.from(text, 'utf8');
      return {
        topic: spec.topic,
        key: spec.key(data),
        headers,
        value,
        ...(spec.partition !== undefined && { partition: spec.partition }),
        ...(runId !== undefined && { runId }),
      };
    },
    decode(value) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const outer = envelope.parse(JSON.parse(bytes.toString('utf8')));
      return { ...outer, data: spec.data.parse(outer.data) };
    },
  };
}
