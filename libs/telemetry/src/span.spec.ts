import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Attributes,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTRIBUTES } from './attributes.ts';
import { withSpan } from './span.ts';

interface Recorded {
  name: string;
  attributes: Attributes | undefined;
  status: SpanStatus | undefined;
  ends: number;
}

const recorded: Recorded[] = [];

/** A tracer that keeps what it is told, as an SDK would; a process gets it once, before its work. */
function collectSpans(): void {
  const start = (name: string, options: SpanOptions | undefined) => {
    const one: Recorded = { name, attributes: options?.attributes, status: undefined, ends: 0 };
    recorded.push(one);
    return spanOf(one);
  };
  const startActiveSpan = (name: string, ...rest: unknown[]): unknown => {
    const work = rest.at(-1) as (span: Span) => unknown; // always last
    return work(start(name, rest[0] as SpanOptions));
  };
  trace.setGlobalTracerProvider({
    // the overloads differ in what stands before the work
    getTracer: () => ({ startSpan: start, startActiveSpan: startActiveSpan as never }),
  });
}

function spanOf(one: Recorded): Span {
  const span: Span = {
    spanContext: (): SpanContext => ({ traceId: 't', spanId: 's', traceFlags: 1 }),
    setAttribute: () => span,
    setAttributes: () => span,
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    setStatus(status) {
      one.status = status;
      return span;
    },
    updateName: () => span,
    end() {
      one.ends += 1;
    },
    isRecording: () => true,
    recordException: () => undefined,
  };
  return span;
}

const OPERATION = { [ATTRIBUTES.organization]: 'o1' };

describe('a piece of work', () => {
  it('is done all the same where nobody collects spans', async () => {
    expect(await withSpan('run.create', OPERATION, async () => 'its result')).toBe('its result');
  });
});

describe('a piece of work with a span', () => {
  beforeAll(collectSpans);
  beforeEach(() => {
    recorded.length = 0;
  });
  afterAll(() => trace.disable());

  it('has its name and attributes, and ends when the work does', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const done = withSpan('run.create', OPERATION, () => promise);
    expect(recorded).toEqual([{ name: 'run.create', attributes: OPERATION, status: undefined, ends: 0 }]);
    resolve('its result');
    expect(await done).toBe('its result');
    expect(recorded).toMatchObject([{ status: undefined, ends: 1 }]);
  });

  it.each<[string, () => Promise<never>]>([
    ['fails', () => Promise.reject(new Error('hunter2'))],
    [
      'throws at once',
      () => {
        throw new Error('hunter2');
      },
    ],
  ])('that %s marks it as failed, says nothing of why, and passes the error on', async (_how, work) => {
    await expect(withSpan('run.create', {}, work)).rejects.toThrow('hunter2');
    expect(recorded).toEqual([
      { name: 'run.create', attributes: {}, status: { code: SpanStatusCode.ERROR }, ends: 1 },
    ]);
  });
});

describe('the names of our attributes', () => {
  it('are in our namespace, and each is one of its own', () => {
    const names = Object.values(ATTRIBUTES);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^headgate(\.[a-z]+)+$/);
  });
});
