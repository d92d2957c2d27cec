import { describe, expect, it } from '@jest/globals';
import { message, type NodeRun } from '#libs/engine';
import { nodeRun } from '../../testing/src/node-run.ts';
import { Prompt } from './prompt.ts';

const run = async (template: string, fields: NodeRun['fields'] = {}) => {
  const { prompt } = await Prompt.run(nodeRun({ fields: { template, ...fields } }).node);
  return prompt;
};
const mustache = (template: string, fields: NodeRun['fields'] = {}) =>
  run(template, { use_double_brackets: true, ...fields });

describe('Prompt', () => {
  it('puts out a message of no sender', async () => {
    expect(await run('Hello {name}!', { name: 'you' })).toEqual(
      message({ text: 'Hello you!', session_id: 'session-1' }),
    );
  });

  it.each<[string, string, NodeRun['fields'], string]>([
    ['text without variables', 'Just text.', {}, 'Just text.'],
    ['nothing', '', {}, ''],
    ['a variable twice', '{a} and {a}', { a: 'x' }, 'x and x'],
    ["a message's text", 'Q: {q}', { q: message({ text: 'why?' }) }, 'Q: why?'],
    ['a number', '{n}', { n: 3 }, '3'],
    ['an empty variable', '[{a}]', { a: '' }, '[]'],
    ['doubled braces as braces', '{{"a": {b}}}', { b: 1 }, '{"a": 1}'],
    ['tripled braces as a value in braces', '{{{a}}}', { a: 'x' }, '{x}'],
    ['braces in a value as they are', '{a}', { a: '{b} {{c}} {' }, '{b} {{c}} {'],
    ['signs that a replacement might take for its own', '{a}', { a: '$& $1 $$' }, '$& $1 $$'],
    ['names beyond ASCII', '{größe}', { größe: 'L' }, 'L'],
    ['names that JavaScript knows', '{constructor}', { constructor: 'x' }, 'x'],
  ])('with {name} takes %s', async (_what, template, fields, text) => {
    expect(await run(template, fields)).toMatchObject({ text });
  });

  it.each([
    ['a missing variable', 'Hello {name}!', "missing variable 'name'"],
    ['a variable that only JavaScript has', '{toString}', "missing variable 'toString'"],
    ['a brace that is not closed', 'a { b', "Single '{' encountered"],
    ['a brace that was not opened', 'a } b', "Single '}' encountered"],
    ['braces around nothing', 'a {} b', 'missing variable'],
    ['JSON whose braces are not doubled', '{"a": 1}', 'missing variable'],
  ])('with {name} refuses %s', async (_what, template, text) => {
    await expect(run(template)).rejects.toThrow(text);
  });

  it.each<[string, string, NodeRun['fields'], string]>([
    ['a variable', 'Hello {{name}}!', { name: 'you' }, 'Hello you!'],
    ['single braces as they are', '{"a": {{b}}}', { b: 1 }, '{"a": 1}'],
    ['braces in a value as they are', '{{a}}', { a: '{{b}} {{{c' }, '{{b}} {{{c'],
    ["a message's text", '{{q}}', { q: message({ text: 'why?' }) }, 'why?'],
    ['braces that are not closed', 'a {{b', {}, 'a {{b'],
  ])('with {{name}} takes %s', async (_what, template, fields, text) => {
    expect(await mustache(template, fields)).toMatchObject({ text });
  });

  it.each([
    ['a section', '{{#a}}x{{/a}}'],
    ['an inverted section', '{{^a}}x{{/a}}'],
    ['a partial', '{{>a}}'],
    ['an unescaped variable', '{{{a}}}'],
    ['an unescaped variable with an ampersand', '{{&a}}'],
    ['a comment', '{{! a }}'],
    ['the current context', '{{.}}'],
    ['a path', '{{a.b}}'],
    ['nothing', '{{}}'],
  ])('with {{name}} refuses %s', async (_what, template) => {
    await expect(mustache(template, { a: 'x' })).rejects.toThrow('only simple names');
  });

  it('with {{name}} refuses a missing variable', async () => {
    await expect(mustache('{{name}}')).rejects.toThrow("missing variable 'name'");
  });
});
