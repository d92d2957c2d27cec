import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { EventStream } from './event-stream.ts';

/** A reader that takes what it is told to take. */
class Reader extends EventEmitter {
  readonly written: string[] = [];
  head: [number, Record<string, string>] | undefined;
  writableLength = 0;
  writableEnded = false;
  isDestroyed = false;
  isReading = true;

  writeHead(status: number, headers: Record<string, string>) {
    this.head = [status, headers];
  }
  flushHeaders() {}
  write(chunk: Buffer): boolean {
    this.written.push(chunk.toString());
    if (!this.isReading) this.writableLength += chunk.length;
    return this.isReading;
  }
  takes(bytes: number) {
    this.writableLength -= bytes;
    if (this.writableLength > 0) return;
    this.isReading = true;
    this.emit('drain');
  }
  end() {
    this.writableEnded = true;
  }
  destroy() {
    this.isDestroyed = true;
    this.emit('close');
  }
}

let reader: Reader;
let stream: EventStream;
let drained: number;
let closed: number;
beforeEach(() => {
  jest.useFakeTimers();
  reader = new Reader();
  drained = 0;
  closed = 0;
  const response = reader as unknown as ServerResponse; // the part of it that a stream uses
  stream = new EventStream(response, { 'headgate-run-id': 'r1' }, () => {
    drained += 1;
  });
  stream.whenClosed(() => {
    closed += 1;
  });
});
afterEach(() => {
  reader.emit('close');
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const wait = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);
const stall = (bytes = 100) => {
  reader.isReading = false;
  stream.event('log', 'x'.repeat(bytes));
};

describe('an event stream', () => {
  it('says what it is before it has anything to say', () => {
    expect(reader.head).toEqual([
      200,
      {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'headgate-run-id': 'r1',
      },
    ]);
    expect(reader.written).toEqual([]);
  });

  it('writes events with an id where they have one', () => {
    stream.event('run.started', '{"a":1}', 2);
    stream.event('end', '{}');
    expect(reader.written).toEqual([
      'id: 2\nevent: run.started\ndata: {"a":1}\n\n',
      'event: end\ndata: {}\n\n',
    ]);
  });

  it('comments every ten seconds, so that nobody between takes it for dead', () => {
    wait(9_999);
    expect(reader.written).toEqual([]);
    wait(1);
    wait(20_000);
    expect(reader.written).toEqual(Array.from({ length: 3 }, () => ': still here\n\n'));
  });

  it('ends once, and says nothing afterwards', () => {
    stream.end();
    stream.end();
    stream.event('log', '{}');
    wait(60_000);
    expect(reader.writableEnded).toBe(true);
    expect(reader.written).toEqual([]);
    expect([closed, stream.isReady]).toEqual([1, false]);
  });

  it('is over when its reader goes, and tells who asks then too', () => {
    reader.emit('close');
    reader.emit('error', new Error('gone'));
    expect([closed, stream.isClosed, stream.isReady]).toEqual([1, true, false]);
    stream.event('log', '{}');
    wait(60_000);
    expect(reader.written).toEqual([]);
    let isTold = false;
    stream.whenClosed(() => {
      isTold = true;
    });
    expect(isTold).toBe(true);
  });
});

describe('a reader that does not keep up', () => {
  it('is said to, until it has taken all; then more may follow', () => {
    expect(stream.isReady).toBe(true);
    stall();
    expect(stream.isReady).toBe(false);
    wait(30_000);
    expect(reader.written).toHaveLength(1);
    reader.takes(reader.writableLength);
    expect([stream.isReady, drained]).toEqual([true, 1]);
    wait(DEFAULTS.streamStallMs * 2);
    expect(reader.isDestroyed).toBe(false);
  });

  it('is cut after a minute in which it took nothing', () => {
    stall();
    wait(DEFAULTS.streamStallMs - 1);
    expect(reader.isDestroyed).toBe(false);
    wait(1);
    expect([reader.isDestroyed, closed]).toEqual([true, 1]);
  });

  it('is not cut while it takes a little each minute', () => {
    stall(1_000);
    for (let minute = 0; minute < 5; minute += 1) {
      wait(DEFAULTS.streamStallMs - 1);
      reader.takes(1);
      wait(1);
      expect(reader.isDestroyed).toBe(false);
    }
    wait(DEFAULTS.streamStallMs);
    expect(reader.isDestroyed).toBe(true);
  });

  it('is cut at the next word when more than may be is unsent', () => {
    stall(DEFAULTS.streamUnsentBytes);
    expect(reader.isDestroyed).toBe(false);
    stream.event('log', '{}');
    expect(reader.isDestroyed).toBe(true);
    expect(reader.written).toHaveLength(1);
  });

  it('is cut for what waits elsewhere too, but not within a burst', () => {
    stall(1_000);
    const tooMuch = DEFAULTS.streamUnsentBytes;
    wait(1_000);
    stream.waiting(tooMuch);
    expect(reader.isDestroyed).toBe(false);
    wait(1);
    stream.waiting(tooMuch - reader.writableLength);
    expect(reader.isDestroyed).toBe(false);
    stream.waiting(tooMuch);
    expect(reader.isDestroyed).toBe(true);
  });

  it('is cut after the end too, where it does not take the rest', () => {
    stall();
    stream.end();
    expect([reader.writableEnded, stream.isClosed]).toEqual([true, false]);
    wait(DEFAULTS.streamStallMs);
    expect([reader.isDestroyed, closed, drained]).toEqual([true, 1, 0]);
  });
});
