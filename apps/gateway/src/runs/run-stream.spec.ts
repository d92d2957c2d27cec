import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { DEFAULTS } from '#libs/domain';
import type { EventsRead } from './list-run-events.action.ts';
import { RunStream } from './run-stream.ts';

const RUN = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';

/** A reader that takes all until it is told to stop. */
class Reader extends EventEmitter {
  written = '';
  writableLength = 0;
  writableEnded = false;
  isReading = true;

  writeHead() {}
  flushHeaders() {}
  write(chunk: Buffer): boolean {
    this.written += chunk;
    if (!this.isReading) this.writableLength += chunk.length;
    return this.isReading;
  }
  takesAll() {
    this.isReading = true;
    this.writableLength = 0;
    this.emit('drain');
  }
  end() {
    this.writableEnded = true;
  }
  destroy() {
    this.emit('close');
  }
  get seqs(): number[] {
    return [...this.written.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
  }
}

/** A log that grows, and a stream of it. */
function streamed({ after = 0, bytes = 10, explain = 'told' } = {}) {
  const reader = new Reader();
  const log: EventsRead['events'] = [];
  const limits: number[] = [];
  const rechecks: PromiseWithResolvers<void>[] = [];
  let isClosed = false;
  let refusal: Error | undefined;
  const grow = (count: number, type = 'log') => {
    for (let index = 0; index < count; index += 1)
      log.push({ seq: log.length + 1, type, text: 'x'.repeat(bytes) });
  };
  const stream = new RunStream(after);
  const source = {
    read: async (from: number, limit: number): Promise<EventsRead> => {
      if (refusal) throw refusal;
      limits.push(limit);
      const events = log.slice(from, from + limit);
      const last = events.at(-1)?.seq ?? from;
      const isComplete = log.at(-1)?.type === 'run.succeeded' && last >= log.length;
      return { events, isComplete, hasMore: last < log.length };
    },
    inTurn: <Result>(work: () => Promise<Result>) => work(),
    recheck: () => {
      const answer = Promise.withResolvers<void>();
      rechecks.push(answer);
      return answer.promise;
    },
    explain: () => explain,
  };
  const begin = (first?: EventsRead['events'][number]) => {
    // the part of a reply that a stream uses
    const reply = { raw: reader, hijack: () => undefined, getHeaders: () => ({}) } as unknown as FastifyReply;
    const closed = () => {
      isClosed = true;
    };
    stream.begin(reply, RUN, source, closed, first);
  };
  /** A hint with the events of these places inline. */
  const hint = (...seqs: number[]) =>
    stream.progress({
      runId: RUN,
      attempt: 1,
      lastSeq: log.length,
      events: log.filter(({ seq }) => seqs.includes(seq)),
    } as Parameters<RunStream['progress']>[0]);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const refuse = () => {
    refusal = new Error('no');
  };
  return {
    reader,
    log,
    limits,
    rechecks,
    grow,
    stream,
    begin,
    hint,
    settled,
    refuse,
    isClosed: () => isClosed,
  };
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a stream of a run', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('sends an inline event on where it is the next one, without a look at the log', async () => {
    const { reader, log, limits, grow, begin, hint, settled } = streamed();
    grow(1);
    begin(log[0]);
    grow(2);
    hint(2, 3);
    await settled();
    expect([reader.seqs, limits]).toEqual([[1, 2, 3], []]);
    reader.destroy();
  });

  it('reads the log where a hint was lost, came twice or was too early', async () => {
    const { reader, log, limits, grow, begin, hint, settled } = streamed();
    grow(3);
    hint(3);
    begin(log[0]);
    await settled();
    expect(reader.seqs).toEqual([1, 2, 3]);
    expect(limits).toHaveLength(1);
    hint(2, 3);
    await settled();
    expect(reader.seqs).toEqual([1, 2, 3]);
    expect(limits).toHaveLength(1);
    reader.destroy();
  });

  it('learns from the head of the log what no hint said', async () => {
    const { reader, log, grow, stream, begin, settled } = streamed();
    grow(1);
    begin(log[0]);
    grow(4);
    stream.head(5);
    await settled();
    expect(reader.seqs).toEqual(upTo(5));
    reader.destroy();
  });

  it('ends with the terminal event, wherever it began', async () => {
    for (const after of [0, 2, 3, 9]) {
      const { reader, grow, begin, settled } = streamed({ after });
      grow(2);
      grow(1, 'run.succeeded');
      begin();
      await settled();
      expect(reader.seqs).toEqual(upTo(3).slice(after));
      expect(reader.written.endsWith('event: end\ndata: {}\n\n')).toBe(true);
      expect(reader.writableEnded).toBe(true);
    }
  });

  it('reads small events many at a time, and large ones few', async () => {
    for (const { bytes, most, least } of [
      { bytes: 100, most: 64, least: 8 },
      { bytes: 60_000, most: 8, least: 2 },
      { bytes: 1_000_000, most: 8, least: 1 },
    ]) {
      const { reader, limits, grow, begin, settled } = streamed({ bytes });
      grow(300);
      begin();
      for (let round = 0; reader.seqs.length < 300 && round < 1_000; round += 1) await settled();
      expect(reader.seqs).toEqual(upTo(300));
      expect([bytes, Math.max(...limits), Math.min(...limits)]).toEqual([bytes, most, least]);
      reader.destroy();
    }
  });

  it('stops reading with its reader, and goes on where it stopped', async () => {
    const { reader, limits, grow, begin, settled } = streamed();
    grow(5);
    reader.isReading = false;
    begin();
    await settled();
    expect(reader.seqs).toEqual([1]);
    const reads = limits.length;
    await settled();
    expect(limits).toHaveLength(reads);
    reader.takesAll();
    await settled();
    expect(reader.seqs).toEqual(upTo(5));
    reader.destroy();
  });

  it.each([
    ['small enough to stand in hints', 60_000, true],
    ['too large for that', 100_000, false],
  ])('cuts its reader when too much waits for it: events that are %s', async (_what, bytes, isInline) => {
    const { reader, log, grow, begin, hint, settled, isClosed } = streamed({ bytes });
    grow(1);
    reader.isReading = false;
    begin(log[0]);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + 2_000);
    const enough = Math.ceil(DEFAULTS.streamUnsentBytes / DEFAULTS.progressInlineBytes);
    for (let count = 0; count <= enough && !isClosed(); count += 1) {
      expect(isClosed()).toBe(false);
      grow(1);
      hint(isInline ? log.length : 0);
      // told again, it does not count again
      hint(isInline ? log.length : 0);
    }
    await settled();
    expect([isClosed(), reader.seqs]).toEqual([true, [1]]);
    expect(log.length).toBeGreaterThan(3);
  });

  it('asks whether its reader still may, and once more for all that came while it asked', async () => {
    const { reader, rechecks, stream, begin, settled } = streamed({ explain: '{"code":"key.revoked"}' });
    begin();
    for (let times = 0; times < 3; times += 1) stream.recheck();
    expect(rechecks).toHaveLength(1);
    rechecks[0]?.resolve();
    await settled();
    expect(rechecks).toHaveLength(2);
    expect(reader.writableEnded).toBe(false);
    rechecks[1]?.reject(new Error('no'));
    await settled();
    expect(reader.written).toBe('event: error\ndata: {"code":"key.revoked"}\n\n');
    expect(reader.writableEnded).toBe(true);
    reader.destroy();
    stream.recheck();
    expect(rechecks).toHaveLength(2);
  });

  it('tells its reader what went wrong, and ends', async () => {
    const { reader, grow, begin, refuse, settled } = streamed({ explain: '{"code":"internal"}' });
    grow(1);
    refuse();
    begin();
    await settled();
    expect(reader.written).toBe('event: error\ndata: {"code":"internal"}\n\n');
    expect(reader.writableEnded).toBe(true);
  });
});
