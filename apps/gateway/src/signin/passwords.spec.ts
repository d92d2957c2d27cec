import { availableParallelism } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { Passwords } from './passwords.ts';

describe('passwords', () => {
  const passwords = new Passwords();

  it('are kept as argon2id with the parameters of today, each with a salt of its own', async () => {
    const [one, other] = await Promise.all([
      passwords.hash('a password of ours'),
      passwords.hash('a password of ours'),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(other).not.toBe(one);
    expect(passwords.isOutdated(one)).toBe(false);
    expect(passwords.isOutdated(one.replace('t=2', 't=1'))).toBe(true);
  });

  it('are the same in whichever form their letters were typed', async () => {
    const hash = await passwords.hash('caf\u00e9 caf\u00e9 caf\u00e9');
    expect(await passwords.verify(hash, 'cafe\u0301 cafe\u0301 cafe\u0301')).toBe(true);
    expect(await passwords.verify(hash, 'cafe cafe cafe')).toBe(false);
  });

  it('are never right for a user that there is not, whatever is given', async () => {
    expect(await passwords.verify(undefined, 'nobody has this password')).toBe(false);
  });

  it('go on being hashed after one of them failed', async () => {
    const hash = await passwords.hash('a password of ours');
    await Promise.all(
      Array.from({ length: 8 }, () => expect(passwords.verify('no hash', 'x')).rejects.toThrow()),
    );
    expect(await passwords.verify(hash, 'a password of ours')).toBe(true);
  });

  it('are refused where sixty-four wait already, and the client may try again', async () => {
    await passwords.verify(undefined, 'x');
    const taken = Math.max(1, availableParallelism() - 1) + 64;
    const codes = await Promise.all(
      Array.from({ length: taken + 3 }, () =>
        passwords.verify('no hash', 'x').catch((error: { code: unknown }) => error.code),
      ),
    );
    expect(codes.indexOf('service.unavailable')).toBe(taken);
    expect(codes.slice(taken)).toEqual(Array(3).fill('service.unavailable'));
  });
});
