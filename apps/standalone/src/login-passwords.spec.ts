import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LOGINS } from '#libs/database';
import { loginPasswords } from './login-passwords.ts';

describe('the passwords of the database logins', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-passwords-'));
    path = join(directory, 'database-logins.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are made once, one per login, for nobody else to read', () => {
    const made = loginPasswords(path);
    expect(Object.keys(made).toSorted()).toEqual(LOGINS.toSorted());
    expect(new Set(Object.values(made)).size).toBe(LOGINS.length);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loginPasswords(path)).toEqual(made);
  });

  it('are those that are given, and given ones are not kept', () => {
    const given = { hg_auth: 'given in the environment', hg_owner: undefined };
    const first = loginPasswords(path, given);
    expect(first.hg_auth).toBe('given in the environment');
    expect(first.hg_owner).toMatch(/^[\w-]{32}$/);
    expect(readFileSync(path, 'utf8')).not.toContain('given in the environment');
    expect(loginPasswords(path)).toMatchObject({ hg_owner: first.hg_owner });
    expect(loginPasswords(path).hg_auth).not.toBe('given in the environment');
  });

  it('cannot be read from a damaged file: a sentence says what to do, and shows nothing of it', () => {
    writeFileSync(path, '{"hg_owner":"a-secret');
    expect(() => loginPasswords(path)).toThrow(
      `The passwords of the database logins in ${path} cannot be read: remove that file, and they are made anew.`,
    );
  });
});
