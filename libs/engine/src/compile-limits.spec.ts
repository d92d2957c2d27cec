import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '#libs/kernel';
import { chain, chatInput, chatOutput, edge, prompt } from '../../testing/src/flows.ts';
import { execution, out, planNode, planOf, run } from '../../testing/src/plans.ts';
import { compile } from './compile.ts';
import { type Component, catalogOf } from './component.ts';
import { ComponentError, NodeError } from './node-error.ts';
import { message } from './value.ts';

const component = (name: string, more: Partial<Component>): Component => ({
  name,
  aliases: [],
  modules: [],
  role: 'inner',
  outputs: { message: 'Message', prompt: 'Message' },
  run: async ({ fields }) => out(fields['input_value'] as Json), // no test here feeds it a message
  ...more,
});
const CATALOG = catalogOf([
  component('ChatInput', { role: 'input', inputField: 'input_value' }),
  component('Prompt', {}),
  component('ChatOutput', { role: 'output' }),
]);

const compiled = (definition: Json) => compile(definition, CATALOG);
const withText = (text: Json) => chain(chatInput(), prompt('P', 'hi', []), { ...chatOutput(), note: text });
const withTemplate = (text: string) => chain(chatInput(), prompt('P', text, []), chatOutput());

const nested = (levels: number): Json => {
  let value: Json = 'x';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const refused = (detail: string) => ({
  ok: false,
  reason: 'invalid',
  problems: [{ pointer: '', detail: `The definition cannot be kept: ${detail}.` }],
  more: 0,
});

describe('a definition at the edge of what can be kept', () => {
  it('may hold NUL, which is data and stays', () => {
    const result = compiled(withTemplate('a\u0000b'));
    expect(result.ok && result.plan.nodes[1]?.fields['template']).toBe('a\u0000b');
    const other = compiled(withTemplate('ab'));
    expect(result.ok && other.ok && result.contentHash !== other.contentHash).toBe(true);
  });

  it.each<[string, Json]>([
    ['the first half of a pair', 'a\ud800'],
    ['the second half of a pair', { deep: ['\udc00'] }],
  ])('is refused with half a character in it, wherever that stands: %s', (_what, text) => {
    expect(compiled(withText(text))).toEqual(refused('a text holds a lone surrogate'));
  });

  it('is refused with half a character in a name', () => {
    expect(compiled(withText({ '\ud800': 1 }))).toEqual(refused('a name holds a lone surrogate'));
  });

  it('may be nested 256 levels deep and no deeper', () => {
    // a member of a node of the list within the flow stands at level 3
    expect(compiled(withText(nested(253))).ok).toBe(true);
    expect(compiled(withText(nested(254)))).toEqual(refused('it is nested deeper than 256 levels'));
  });

  it('is refused with a number that JSON cannot write', () => {
    expect(compiled(withText(Number.NaN))).toEqual(refused('a number is not finite'));
  });

  it('may be large: two thousand nodes in a row, or all feeding one', () => {
    const names = Array.from({ length: 1_998 }, (_, index) => `P${index}`);
    const row = chain(chatInput(), ...names.map((name) => prompt(name, '{in}', ['in'])), chatOutput());
    expect(compiled(row)).toMatchObject({ ok: true, plan: { nodes: { length: 2_000 } } });
    const fan: JsonObject = {
      nodes: [...names.map((name) => prompt(name, 'x', [])), chatOutput()],
      edges: names.map((name) => edge(name, 'prompt', 'ChatOutput-1', 'input_value')),
    };
    const result = compiled(fan);
    expect(result.ok && result.plan.nodes.at(-1)?.inputs['input_value']?.from).toHaveLength(1_998);
  });

  it('gives no two definitions that differ by a NUL or a pair of surrogates one name', () => {
    const hashes = ['', '\u0000', '😀', '\\u0000', '\ufffd'].map((text) => {
      const result = compiled(chain(chatInput(), prompt('P', text, []), chatOutput()));
      return result.ok ? result.contentHash : 'none';
    });
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('a run at the edge of what can be kept', () => {
  it('gives NUL from its input through its nodes to its output, as it came', async () => {
    const plan = planOf(
      [
        planNode('A'),
        planNode('B', { inputs: { in: { isList: false, from: [{ node: 'A', output: 'out' }] } } }),
      ],
      { mainInput: { node: 'A', field: 'in' }, outputs: ['B'] },
    );
    const same = async ({ fields }: { fields: Readonly<Record<string, unknown>> }) =>
      out(fields['in'] as Json); // as above
    const { output } = await run(execution(plan, { A: same, B: same }, { input: 'a\u0000b😀' }));
    expect(output).toMatchObject({ text: 'a\u0000b😀', source: 'B', reason: 'single' });
  });

  it('fails by its node where a component finds a limit passed', async () => {
    const work = async () => {
      throw new ComponentError('the answer is too long', 'run.limit_exceeded');
    };
    const failed = run(execution(planOf([planNode('A')]), { A: work }));
    await expect(failed).rejects.toBeInstanceOf(NodeError);
    await expect(failed).rejects.toMatchObject({ nodeId: 'A', code: 'run.limit_exceeded' });
  });

  it('lets a node put out a message that holds NUL', async () => {
    const plan = planOf([planNode('A')], { outputs: ['A'] });
    const { output } = await run(execution(plan, { A: async () => ({ out: message({ text: '\u0000' }) }) }));
    expect(output).toMatchObject({ text: '\u0000', outputs: { A: { type: 'message', content: '\u0000' } } });
  });
});
