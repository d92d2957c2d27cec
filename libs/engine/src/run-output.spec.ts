import { describe, expect, it } from '@jest/globals';
import { execution, out, planNode, planOf, run } from '../../testing/src/plans.ts';
import type { Outputs } from './execute.ts';
import { message } from './value.ts';

describe('the output of a flow', () => {
  const outputOf = async (values: Record<string, Outputs>, outputs = Object.keys(values)) => {
    const plan = planOf(
      Object.keys(values).map((id) => planNode(id)),
      { outputs },
    );
    const work = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, async () => value]));
    return (await run(execution(plan, work))).output;
  };

  it.each<[string, Record<string, Outputs>, string[], object]>([
    [
      'is the text of the only output',
      { A: out('text') },
      ['A'],
      { text: 'text', source: 'A', reason: 'single' },
    ],
    [
      "is a message's text",
      { A: { out: message({ text: 'hello' }) } },
      ['A'],
      { text: 'hello', source: 'A', reason: 'single' },
    ],
    ['may be an empty text', { A: out('') }, ['A'], { text: '', source: 'A', reason: 'single' }],
    [
      'has no text where there are several',
      { A: out('a'), B: out('b') },
      ['A', 'B'],
      { text: null, source: null, reason: 'multiple' },
    ],
    [
      'has no text where there is none',
      { A: out('a') },
      [],
      { text: null, source: null, reason: 'none', outputs: {} },
    ],
    [
      'has no text where it is data',
      { A: out({ n: 1 }) },
      ['A'],
      { text: null, source: null, reason: 'non_string' },
    ],
    [
      'has no text where it is a number',
      { A: out(1) },
      ['A'],
      { text: null, source: null, reason: 'non_string' },
    ],
    [
      'has no text where nothing was put out',
      { A: {} },
      ['A'],
      { text: null, source: null, reason: 'non_string' },
    ],
  ])('%s', async (_what, values, outputs, expected) => {
    expect(await outputOf(values, outputs)).toMatchObject(expected);
  });

  it('names every output with its type and display name', async () => {
    const { outputs } = await outputOf({
      A: { out: message({ text: 'hello' }) },
      B: out('text'),
      C: out([1]),
    });
    expect(outputs).toEqual({
      A: { type: 'message', displayName: 'The A', content: 'hello' },
      B: { type: 'text', displayName: 'The B', content: 'text' },
      C: { type: 'data', displayName: 'The C', content: [1] },
    });
  });
});
