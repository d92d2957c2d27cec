import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mintToken } from '#libs/crypto';
import { Redactor } from './redactor.ts';

const redactor = (...values: string[]) =>
  new Redactor(values.map((value, index) => ({ name: `S${index + 1}`, value })));

/** What comes out of a stream that is given these pieces. */
function streamed(by: Redactor, pieces: readonly string[]): string {
  const stream = by.stream();
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}

const AWKWARD = 'a"b\\c/d+é\n$&?';

describe('the redactor', () => {
  it.each<[string, (value: string) => string]>([
    ['as it is', (value) => value],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64url', (value) => Buffer.from(value).toString('base64url')],
    ['in a URL', (value) => encodeURIComponent(value)],
    ['in JSON', (value) => JSON.stringify(value).slice(1, -1)],
    ['in JSON within JSON', (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['in bytes that are read as latin1', (value) => Buffer.from(value).toString('latin1')],
  ])('takes a secret out of a text %s', (_how, form) => {
    const by = redactor('another', AWKWARD);
    expect(by.clean(`<${form(AWKWARD)}|${form(AWKWARD)}>`)).toBe('<[secret:S2]|[secret:S2]>');
  });

  it('leaves a text without secrets as it is', () => {
    expect(redactor('sk-123').clean('sk-12 3, hg and "\\n"')).toBe('sk-12 3, hg and "\\n"');
  });

  it('takes out tokens of ours, whoever put them there', () => {
    const { text } = mintToken('flow');
    expect(redactor().clean(`x ${text}!`)).toBe('x [secret:token]!');
    expect(redactor().cleanJson(JSON.stringify(`x\n${text}`))).toBe('"x\\n[secret:token]"');
  });

  it('takes out the longer of two secrets that begin alike', () => {
    for (const by of [redactor('sk-abc', 'sk-abc-prod'), redactor('sk-abc-prod', 'sk-abc')]) {
      expect(by.clean('sk-abc-prod sk-abc')).toMatch(/^\[secret:S\d\] \[secret:S\d\]$/);
    }
  });

  it('does not let a value out that overlaps with another', () => {
    const clean = redactor('abcdef', 'defghi').clean('abcdefghi');
    expect(clean).not.toContain('abcdef');
    expect(clean).not.toContain('defghi');
  });

  it('knows a secret by its exact letters only', () => {
    expect(redactor('a.c+ef').clean('abccef a.c+EF')).toBe('abccef a.c+EF');
  });
});

describe('the redactor of a stream', () => {
  const { text: token } = mintToken('flow', '000M5Rx98ttP', Buffer.alloc(32, 1));
  const secrets = ['sk-abc', 'sk-abc-prod', 'prod-zz', AWKWARD, 'aabaab'];
  const texts = [
    'the key sk-abc-prod and sk-abc, once more sk-abc',
    'twice sk-abcsk-abc-prodsk-abc-pro',
    'aabaabaab aaabaab aabaa',
    `token ${token}, base64 ${Buffer.from('sk-abc').toString('base64')} and ${encodeURIComponent(AWKWARD)}`,
    `${AWKWARD}${AWKWARD.slice(0, 5)} and nothing`,
  ];

  it.each(texts)('gives the same wherever the text is cut in two or three: %j', (text) => {
    const by = redactor(...secrets);
    const whole = by.clean(text);
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 3) {
        const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
        if (streamed(by, pieces) !== whole) expect({ pieces, clean: streamed(by, pieces) }).toBe(whole);
      }
    }
    expect(streamed(by, [...text])).toBe(whole);
  });

  it('gives the same as for the whole text, for any secrets and pieces', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    const values = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 6, maxLength: 8 }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        values,
        fc.array(
          fc.oneof(
            letters,
            values.map((all) => all.join('')),
          ),
          { maxLength: 8 },
        ),
        (known, pieces) => {
          const by = redactor(...known);
          const clean = streamed(by, pieces);
          expect(clean).toBe(by.clean(pieces.join('')));
          for (const value of known) expect(clean.replaceAll(/\[secret:S\d\]/g, '#')).not.toContain(value);
        },
      ),
      { numRuns: 1_000, seed: 4600 },
    );
  });

  it('holds back the last word, and gives it with what follows or at the end', () => {
    const stream = redactor('sk-abc').stream();
    expect(stream.push('well, sk-a')).toBe('well, ');
    expect(stream.push('nd sk-abc')).toBe('sk-and ');
    expect(stream.push(' 你好')).toBe('[secret:S1] 你好');
    expect(stream.push('sk-ab')).toBe('');
    expect(stream.end()).toBe('sk-ab');
    expect(stream.end()).toBe('');
  });

  it('tells nobody by what it holds what the secret is', () => {
    const secret = 'sk-S3cr3t/with+all=kinds';
    const released = (guess: string) => {
      const stream = redactor(secret).stream();
      return [stream.push(`try ${guess}`).length, stream.push('!').length, stream.push('? ').length];
    };
    for (let length = 1; length < secret.length; length += 1) {
      const right = secret.slice(0, length);
      expect(released(right)).toEqual(released(`${right.slice(0, -1)}~`));
      expect(released(Buffer.from(right).toString('base64'))).toEqual(
        released('~'.repeat(Buffer.from(right).toString('base64').length)),
      );
    }
  });

  it('takes time that goes with the text, whatever the secret', () => {
    const stream = redactor(
      ...Array.from({ length: 20 }, (_, index) => `${'a'.repeat(4_000)}b${index}`),
    ).stream();
    const beganMs = performance.now();
    for (let piece = 0; piece < 20; piece += 1) stream.push(`${'a'.repeat(64_000)}c`);
    stream.end();
    expect(performance.now() - beganMs).toBeLessThan(2_000);
  });
});

describe('the redactor of JSON', () => {
  it('leaves JSON that is JSON, whatever a secret looks like', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', 'n', 'u', '0', '1', ':', ','),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(text, fc.constantFrom(1, 10, null))),
        fc.array(
          text.filter((value) => value.length > 0),
          { maxLength: 3 },
        ),
        (data, values) => {
          const clean = JSON.parse(redactor(...values).cleanJson(JSON.stringify(data))) as string[];
          expect(clean).toHaveLength(data.length);
        },
      ),
      { numRuns: 1_000, seed: 4600 },
    );
  });

  it('takes a secret out of values and names', () => {
    const clean = redactor(AWKWARD).cleanJson(JSON.stringify({ [AWKWARD]: `<${AWKWARD}>` }));
    expect(JSON.parse(clean)).toEqual({ '[secret:S1]': '<[secret:S1]>' });
  });

  it('leaves a number a number, even where it looks like a secret', () => {
    expect(redactor('123456').cleanJson('{"123456":[1234567,"123456"]}')).toBe(
      '{"[secret:S1]":[1234567,"[secret:S1]"]}',
    );
  });
});
