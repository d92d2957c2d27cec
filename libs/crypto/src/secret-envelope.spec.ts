import { describe, expect, it } from '@jest/globals';
import { open, openSecret, sealSecret } from './secret-envelope.ts';

const KEK = { id: '6f1c2f0e-0000-4000-8000-000000000001', key: Buffer.alloc(32, 1) };
const NAME = { organizationId: 'o1', secretId: 's1', version: 3 };
const RANDOM = {
  dataKey: Buffer.alloc(32, 2),
  keyNonce: Buffer.alloc(12, 3),
  textNonce: Buffer.alloc(12, 4),
};
const VECTOR =
  'hgenc:v1:6f1c2f0e-0000-4000-8000-000000000001:AwMDAwMDAwMDAwMD-mMWmP2GNWuv_uRlzhsmqroxo0-FzcCwrhK_RKhIhHFvo1_r7_ZBNVfxI9mZq78v:BAQEBAQEBAQEBAQEdyf8eps45HesbORhgb-0wmyjNbUMwDH_D9JM';

describe('a secret envelope', () => {
  it('is that of the vector', () => {
    expect(sealSecret(KEK, NAME, 'sk-test-123', RANDOM)).toBe(VECTOR);
  });

  it('opens to the text of the vector', () => {
    expect(openSecret(KEK, NAME, VECTOR)).toBe('sk-test-123');
  });

  it.each(['', 'sk-test-123', 'two\nlines\u0000', 'Straße 🚪', 'x'.repeat(100_000)])(
    'gives the text back as it was (%#)',
    (text) => {
      expect(openSecret(KEK, NAME, sealSecret(KEK, NAME, text))).toBe(text);
    },
  );

  it('is another one each time, even for the same text', () => {
    const [, , , oneKey, oneText] = sealSecret(KEK, NAME, 'sk-test-123').split(':');
    const [, , , otherKey, otherText] = sealSecret(KEK, NAME, 'sk-test-123').split(':');
    expect(oneKey).not.toBe(otherKey);
    expect(oneText).not.toBe(otherText);
  });

  it.each([
    ['of another organization', { ...NAME, organizationId: 'o2' }],
    ['of another secret', { ...NAME, secretId: 's2' }],
    ['of another version', { ...NAME, version: 4 }],
  ])('does not open under the name %s', (_what, name) => {
    expect(() => openSecret(KEK, name, VECTOR)).toThrow();
  });

  it('does not open with another key under the same id', () => {
    expect(() => openSecret({ ...KEK, key: Buffer.alloc(32, 9) }, NAME, VECTOR)).toThrow();
  });

  it('does not open when it is said to be under another key', () => {
    const otherId = '6f1c2f0e-0000-4000-8000-000000000002';
    const renamed = VECTOR.replace(KEK.id, otherId);
    expect(() => openSecret({ ...KEK, id: otherId }, NAME, VECTOR)).toThrow('not of this form or key');
    // the id is bound to the data key as well: renaming the envelope does not help
    expect(() => openSecret({ ...KEK, id: otherId }, NAME, renamed)).toThrow();
  });

  it('does not open with the data key of another secret', () => {
    const other = sealSecret(KEK, { ...NAME, secretId: 's2' }, 'sk-test-123', RANDOM).split(':');
    const mixed = [...other.slice(0, 4), ...VECTOR.split(':').slice(4)].join(':');
    expect(() => openSecret(KEK, NAME, mixed)).toThrow();
  });

  it.each([
    ['another form', VECTOR.replace('hgenc', 'henc')],
    ['another version of the form', VECTOR.replace(':v1:', ':v2:')],
    ['no text', VECTOR.split(':').slice(0, 4).join(':')],
    ['an empty data key', VECTOR.split(':').with(3, '').join(':')],
    ['nothing', ''],
  ])('is refused with %s', (_what, envelope) => {
    expect(() => openSecret(KEK, NAME, envelope)).toThrow('not of this form or key');
  });

  it('is refused when a byte of it is another, wherever it stands', () => {
    for (const part of [3, 4]) {
      const bytes = Buffer.from(VECTOR.split(':')[part] ?? '', 'base64url');
      for (let at = 0; at < bytes.length; at += 1) {
        const altered = Buffer.from(bytes);
        altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
        const envelope = VECTOR.split(':').with(part, altered.toString('base64url')).join(':');
        expect(() => openSecret(KEK, NAME, envelope)).toThrow();
      }
    }
  });

  it('is refused when it is so short that its seal could be guessed', () => {
    expect(() => open(KEK.key, Buffer.alloc(4), '')).toThrow('Invalid authentication tag length');
  });
});
