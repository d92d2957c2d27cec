/** A frame is a JSON text behind its length; one that is too large for a part crosses as several. */
const HEADER_BYTES = 4;
const MORE = 0x8000_0000;
const PART_BYTES = 1024 * 1024;

export function encodeFrame(frame: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(frame), 'utf8');
  if (json.length <= PART_BYTES) return part(json, false);
  const parts: Buffer[] = [];
  for (let from = 0; from < json.length; from += PART_BYTES) {
    parts.push(part(json.subarray(from, from + PART_BYTES), from + PART_BYTES < json.length));
  }
  return Buffer.concat(parts);
}

function part(bytes: Buffer, hasMore: boolean): Buffer {
  const whole = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  whole.writeUInt32BE(hasMore ? (bytes.length | MORE) >>> 0 : bytes.length);
  bytes.copy(whole, HEADER_BYTES);
  return whole;
}

/** What came over the pipe is not this protocol, or is too large; its sender is not to be trusted any more. */
export class FrameError extends Error {}

/** Turns the chunks of a pipe back into frames. */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);
  private parts: Buffer[] = [];
  private partsBytes = 0;

  constructor(private readonly maxFrameBytes: number) {}

  /** The frames that are whole by now; those before one that is none still come. */
  *push(chunk: Buffer): Generator<unknown> {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= HEADER_BYTES) {
      const header = this.pending.readUInt32BE();
      const length = header & ~MORE;
      const hasMore = (header & MORE) !== 0;
      if (length > PART_BYTES) throw new FrameError(`a part holds at most ${PART_BYTES} bytes`);
      // many small parts would cost us many times their bytes
      if (hasMore && length < PART_BYTES) throw new FrameError('only the last part may be small');
      const end = HEADER_BYTES + length;
      if (this.pending.length < end) return;
      const body = this.pending.subarray(HEADER_BYTES, end);
      this.pending = this.pending.subarray(end);
      const whole = this.join(body, hasMore);
      if (whole) yield parse(whole);
    }
  }

  private join(body: Buffer, hasMore: boolean): Buffer | undefined {
    this.partsBytes += body.length;
    if (this.partsBytes > this.maxFrameBytes)
      throw new FrameError(`a frame holds at most ${this.maxFrameBytes} bytes`);
    if (!hasMore && this.parts.length === 0) {
      this.partsBytes = 0;
      return body;
    }
    this.parts.push(body);
    if (hasMore) return undefined;
    const whole = Buffer.concat(this.parts);
    this.parts = [];
    this.partsBytes = 0;
    return whole;
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new FrameError('a frame is not JSON');
  }
}
