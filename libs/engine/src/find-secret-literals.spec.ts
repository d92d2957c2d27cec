import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#libs/kernel';
import { field } from '../../testing/src/flows.ts';
import { compile } from './compile.ts';
import { catalogOf } from './component.ts';

const CATALOG = catalogOf([
  { name: 'Step', aliases: [], modules: [], role: 'inner', outputs: {}, run: async () => ({}) },
]);

function compiled(template: JsonObject) {
  const node = { id: 'A', data: { type: 'Step', node: { display_name: 'Step', template } } };
  return compile({ nodes: [node], edges: [] }, CATALOG);
}

/** Put together here, so that no scanner of this repository takes them for real ones. */
const KEYS = {
  OpenAI: `sk-${'a1B2'.repeat(8)}`,
  'OpenAI, of a project': `sk-proj-${'a1_B2-'.repeat(6)}`,
  AWS: `AKIA${'ABCD1234'.repeat(2)}`,
  Google: `AIza${'a1B2_'.repeat(7)}`,
  GitHub: `ghp_${'a1B2'.repeat(9)}`,
  Slack: `xoxb-${'1234567890'.repeat(2)}`,
  'a private key': `-----BEGIN ${'EC PRIVATE'} KEY-----\nMIG`,
  Headgate: `hgf_${'0'.repeat(12)}_${'a'.repeat(49)}`,
};

describe('a literal secret', () => {
  it('is refused in a password field, with its node and its field', () => {
    expect(
      compiled({ 'api/key~': field('str', 'hunter2', { password: true, load_from_db: false }) }),
    ).toEqual({
      ok: false,
      reason: 'secret',
      more: 0,
      problems: [
        {
          node: 'A',
          pointer: '/nodes/0/data/node/template/api~1key~0/value',
          detail: expect.stringContaining('The field "api/key~" of "Step" (A) holds a secret'),
        },
      ],
    });
  });

  it.each<[string, JsonObject]>([
    ['stands in a list', { keys: field('str', ['', 'hunter2'], { password: true, list: true }) }],
    ['stands in a table', { headers: field('table', [{ key: 'x-key', value: KEYS.OpenAI }]) }],
    ['is taken for the name of a variable', { api_key: field('str', KEYS.OpenAI, { load_from_db: true }) }],
    ['stands in source code', { code: field('code', `KEY = "${KEYS.AWS}"`) }],
    ['stands in a field that is not shown', { key: field('str', KEYS.AWS, { show: false }) }],
  ])('is refused when it %s', (_where, template) => {
    expect(compiled(template)).toMatchObject({ ok: false, reason: 'secret', problems: [{ node: 'A' }] });
  });

  it.each(Object.entries(KEYS))('is known by its form in any field: %s', (_whose, key) => {
    for (const text of [key, `use ${key}, please`])
      expect(compiled({ note: field('str', text) })).toMatchObject({ ok: false, reason: 'secret' });
  });

  it('is not shown in what is said of it', () => {
    expect(JSON.stringify(compiled({ note: field('str', KEYS.OpenAI) }))).not.toContain(KEYS.OpenAI);
  });
});

describe('what is no secret', () => {
  it.each<[string, JsonObject]>([
    ['an empty password field', { api_key: field('str', '', { password: true }) }],
    ['a password field without a value', { api_key: { type: 'str', password: true } }],
    ['a password field of an empty list', { api_key: field('str', [], { password: true, list: true }) }],
    ['a password field of null', { api_key: field('str', null, { password: true }) }],
    [
      'a password field that names a variable',
      { api_key: field('str', 'OPENAI_API_KEY', { password: true, load_from_db: true }) },
    ],
    [
      'text that is like a key',
      { text: field('str', 'sk-test, task-force, AKIA, ghp_short, a risk-averse') },
    ],
  ])('is let through: %s', (_what, template) => {
    expect(compiled(template).ok).toBe(true);
  });
});
