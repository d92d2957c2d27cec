import { describe, expect, it } from '@jest/globals';
import type { RunSpan } from '#libs/contracts';
import { presentSpans } from './present-trace.ts';

const span = (
  number: number,
  kind: RunSpan['kind'],
  startedMs: number,
  durationMs: number,
  parent?: number,
) => ({
  ...{ number, kind, name: kind, startedMs, durationMs, status: 'ok', attributes: {} },
  ...(parent !== undefined && { parent }),
});
const row = (spans: object[], more = {}) => ({
  ...{ attempt: 1, queueMs: 10, placementMs: 5, dropped: 0, spans: JSON.stringify(spans) },
  ...more,
});

describe('the view of a trace', () => {
  it('is empty before anything is known', () => {
    expect(presentSpans([])).toEqual({
      ...{ queueMs: null, placementMs: null, coldStartMs: null },
      ...{ nodeMs: 0, modelMs: 0, toolMs: 0, droppedSpans: 0, data: [] },
    });
  });

  it('puts the spans of all messages in the order of their beginning, since the acceptance', () => {
    const later = row([span(0, 'attempt', 0, 9), span(5, 'model', 2, 1, 3), span(7, 'node', 1, 1, 0)]);
    const { data } = presentSpans([row([span(2, 'start', 0, 2, 0), span(3, 'node', 2, 3, 0)]), later]);
    expect(data.map(({ kind, id, parentId, startedMs }) => [kind, id, parentId, startedMs])).toEqual([
      ['attempt', '0000000100000000', null, 15],
      ['start', '0000000100000002', '0000000100000000', 15],
      ['node', '0000000100000007', '0000000100000000', 16],
      ['node', '0000000100000003', '0000000100000000', 17],
      ['model', '0000000100000005', '0000000100000003', 17],
    ]);
  });

  it('adds up what nodes, models and tools took, of all attempts', () => {
    const first = row([span(3, 'node', 0, 7), span(5, 'model', 0, 3), span(7, 'tool', 0, 1)]);
    const second = row([span(3, 'node', 0, 2), span(5, 'tool', 0, 0.5)], { attempt: 2 });
    expect(presentSpans([first, second])).toMatchObject({ nodeMs: 9, modelMs: 3, toolMs: 1.5 });
  });

  it('tells of the newest attempt how it came to its runner', () => {
    const first = row([span(2, 'start', 0, 7)]);
    const second = row([span(2, 'start', 0, 4)], { attempt: 2, queueMs: 100, placementMs: 1.23456 });
    expect(presentSpans([first, second])).toMatchObject({ queueMs: 100, placementMs: 1.235, coldStartMs: 4 });
    const begun = row([span(4, 'http', 0, 1)], { attempt: 3 });
    expect(presentSpans([first, second, begun]).coldStartMs).toBeNull();
  });

  it('counts what was left out of each attempt by what it said last', () => {
    const rows = [1, 4].map((dropped) => row([span(3, 'node', 0, 1)], { dropped }));
    const second = row([span(3, 'node', 0, 1)], { attempt: 2, dropped: 2 });
    expect(presentSpans([...rows, second]).droppedSpans).toBe(6);
  });
});
