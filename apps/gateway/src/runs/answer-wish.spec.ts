import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { type AnswerWish, wishOf } from './answer-wish.ts';

/** What of a request tells how it wants to be answered. */
const wish = (headers: Record<string, string>, query: object = {}) =>
  wishOf({ headers, query } as unknown as FastifyRequest);

const waiting = (waitSeconds: number, isPreference: boolean): AnswerWish => ({
  as: 'ended',
  waitSeconds,
  isPreference,
});

describe('how a caller wants to hear of a run', () => {
  it('is at once, where nothing else is said', () => {
    expect(wish({})).toEqual({ as: 'accepted' });
    expect(wish({ accept: 'application/json', prefer: 'return=minimal' })).toEqual({ as: 'accepted' });
  });

  it.each(['text/event-stream', 'application/json, Text/Event-Stream;q=0.5', 'text/event-stream ;q=1, */*'])(
    'is as it goes, where it accepts %s, whatever it would wait',
    (accept) => {
      expect(wish({ accept, prefer: 'wait=5' }, { wait: '5' })).toEqual({ as: 'stream' });
    },
  );

  it.each(['text/event-streams', 'text/plain; a=text/event-stream', '*/*'])(
    'is no stream, where it accepts %s',
    (accept) => {
      expect(wish({ accept })).toEqual({ as: 'accepted' });
    },
  );

  it.each(['wait=7', 'respond-async, wait=7', 'respond-async;wait=7', 'a=b wait=7'])(
    'is when it has ended, where it prefers %s',
    (prefer) => {
      expect(wish({ prefer })).toEqual(waiting(7, true));
    },
  );

  it.each(['await=7', 'wait=0', 'wait', 'wait=-7', 'wait=x'])(
    'is not to wait, where it prefers %s',
    (prefer) => {
      expect(wish({ prefer })).toEqual({ as: 'accepted' });
    },
  );

  it('is what the query says rather than what is preferred', () => {
    expect(wish({ prefer: 'wait=7' }, { wait: '9' })).toEqual(waiting(9, false));
  });

  it('never makes it wait longer than five minutes', () => {
    expect(wish({ prefer: 'wait=4000' })).toEqual(waiting(300, true));
    expect(wish({}, { wait: '4000' })).toEqual(waiting(300, false));
  });
});
