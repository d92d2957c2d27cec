/** What we look at of a span as OTLP has it. */
export interface ReceivedSpan {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentId: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  startMs: number;
  endMs: number;
  isError: boolean;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
}

type Field = [number: number, value: bigint | Buffer];

/** The spans of an ExportTraceServiceRequest. Throws where the bytes are none. */
export function decodeSpans(request: Buffer): ReceivedSpan[] {
  return parts(request, 1).flatMap((ofResource) => {
    const resource = parts(ofResource, 1).map((one) => attributesOf(one, 1));
    const service = String(resource[0]?.['service.name'] ?? '');
    return parts(ofResource, 2).flatMap((ofScope) => parts(ofScope, 2).map((span) => spanOf(service, span)));
  });
}

function spanOf(service: string, span: Buffer): ReceivedSpan {
  const status = parts(span, 15)[0] ?? Buffer.alloc(0);
  return {
    service,
    name: textOf(span, 5),
    traceId: hexOf(span, 1),
    spanId: hexOf(span, 2),
    parentId: hexOf(span, 4),
    kind: Number(numberOf(span, 6)),
    startMs: Number(numberOf(span, 7) / 1_000n) / 1_000,
    endMs: Number(numberOf(span, 8) / 1_000n) / 1_000,
    isError: numberOf(status, 3) === 2n,
    attributes: attributesOf(span, 9),
    links: parts(span, 13).map((link) => ({ traceId: hexOf(link, 1), spanId: hexOf(link, 2) })),
  };
}

function attributesOf(message: Buffer, number: number): Record<string, unknown> {
  return Object.fromEntries(
    parts(message, number).map((pair) => [textOf(pair, 1), valueIn(parts(pair, 2)[0] ?? Buffer.alloc(0))]),
  );
}

function valueIn(value: Buffer): unknown {
  const [first] = fields(value);
  if (!first) return undefined;
  const [number, content] = first;
  if (number === 1) return String(content);
  if (number === 2) return content === 1n;
  if (number === 3) return Number(BigInt.asIntN(64, content as bigint));
  if (number === 4) {
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64LE(content as bigint);
    return bits.readDoubleLE();
  }
  if (number === 5) return parts(content as Buffer, 1).map(valueIn);
  throw new Error(`an attribute of kind ${number}`);
}

function parts(message: Buffer, number: number): Buffer[] {
  return fields(message).flatMap(([at, value]) => {
    if (at !== number) return [];
    if (!Buffer.isBuffer(value)) throw new Error(`the field ${number} is a number`);
    return [value];
  });
}

function textOf(message: Buffer, number: number): string {
  return parts(message, number)[0]?.toString('utf8') ?? '';
}

function hexOf(message: Buffer, number: number): string {
  return parts(message, number)[0]?.toString('hex') ?? '';
}

function numberOf(message: Buffer, number: number): bigint {
  const value = fields(message).find(([at]) => at === number)?.[1] ?? 0n;
  if (typeof value !== 'bigint') throw new Error(`the field ${number} is no number`);
  return value;
}

/** The fields of a message of protobuf, in their order. */
function fields(message: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined || shift > 63n) throw new Error('a number without an end');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    if (at + length > message.length) throw new Error('a field longer than its message');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const [number, type] = [tag >>> 3, tag & 7];
    if (type === 0) found.push([number, varint()]);
    else if (type === 1) found.push([number, bytes(8).readBigUInt64LE()]);
    else if (type === 2) found.push([number, bytes(Number(varint()))]);
    else if (type === 5) found.push([number, BigInt(bytes(4).readUInt32LE())]);
    else throw new Error(`a field of type ${type}`);
  }
  return found;
}
