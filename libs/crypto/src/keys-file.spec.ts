import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppStartError } from '#libs/kernel';
import { ensureKeysFile, readKeysFile, readPoolKey } from './keys-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-keys-'));
  path = join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that waits for a moment, makes sure of the file, and says what it read. */
function racer(atMs: number): Promise<string> {
  const script = `
    const { ensureKeysFile } = await import(${JSON.stringify(join(import.meta.dirname, 'keys-file.ts'))});
    const { readFileSync } = await import('node:fs');
    while (Date.now() < ${atMs});
    ensureKeysFile(${JSON.stringify(path)});
    process.stdout.write(readFileSync(${JSON.stringify(path)}));`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const hash = createHash('sha256');
  child.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(hash.digest('hex')) : reject(new Error(`a racer ended with ${code}`)),
    );
  });
}

describe('making sure of the keys file', () => {
  it('writes one that can be read, for its owner alone', () => {
    ensureKeysFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const keys = readKeysFile(path);
    const secrets = [keys.root, keys.pepper, keys.cell, keys.pool, keys.blobUrl];
    for (const secret of secrets) expect(secret).toHaveLength(32);
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(secrets.length);
    expect(keys.jwt.privateKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(keys.jwt.publicKey.type).toBe('public');
  });

  it('leaves a file that exists as it is, and nothing beside it', () => {
    ensureKeysFile(path);
    const before = readFileSync(path);
    ensureKeysFile(path);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('does not replace a file that is damaged', () => {
    writeFileSync(path, 'not keys');
    ensureKeysFile(path);
    expect(readFileSync(path, 'utf8')).toBe('not keys');
  });

  it('gives processes that race for it the same file', async () => {
    const atMs = Date.now() + 1_000;
    const read = await Promise.all(Array.from({ length: 4 }, () => racer(atMs)));
    expect(new Set(read).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['keys.json']);
    expect(read[0]).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
  });
});

describe('reading the keys file', () => {
  const good = () => {
    ensureKeysFile(path);
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return parsed as Record<string, unknown>; // what we have just written is an object
  };

  it.each<[string, (keys: Record<string, unknown>) => unknown]>([
    ['lacks a key', ({ pepper: _gone, ...rest }) => rest],
    ['holds a key that is too short', (keys) => ({ ...keys, root: 'AAAA' })],
    ['holds a key in another alphabet', (keys) => ({ ...keys, cell: `${'+'.repeat(43)}` })],
    ['holds no private key', (keys) => ({ ...keys, jwt: { kid: 'k', privateKey: 'none' } })],
    [
      'holds half a private key',
      (keys) => ({ ...keys, jwt: { kid: 'k', privateKey: '-----BEGIN PRIVATE KEY-----\nMIG' } }),
    ],
    ['is a list', () => []],
  ])('says that a file is damaged which %s', (_what, damage) => {
    const keys = good();
    writeFileSync(path, JSON.stringify(damage(keys)));
    expect(() => readKeysFile(path)).toThrow(`The keys file ${path} is damaged`);
  });

  it('says that a file is damaged which is no JSON, without showing what is in it', () => {
    const text = `${JSON.stringify(good()).slice(0, 100)}`;
    writeFileSync(path, text);
    expect(() => readKeysFile(path)).toThrow(`The keys file ${path} is damaged`);
    writeFileSync(path, 'c2VjcmV0');
    expect(() => readKeysFile(path)).not.toThrow(/c2Vj/);
    writeFileSync(path, '');
    expect(() => readKeysFile(path)).toThrow(`The keys file ${path} is damaged`);
  });

  it('says in a sentence what is wrong with a damaged file, and what to do', () => {
    writeFileSync(path, JSON.stringify({ ...good(), root: 'AAAA', cell: 'AAAA' }));
    expect(() => readKeysFile(path)).toThrow(AppStartError);
    expect(() => readKeysFile(path)).toThrow(
      `The keys file ${path} is damaged (root must be 32 bytes in base64url, cell must be 32 bytes in base64url): put it back from a copy, as without it no secret can be opened.`,
    );
  });

  it('gives the pool key from a file that holds nothing else, and refuses one that does', () => {
    ensureKeysFile(path);
    const { pool } = readKeysFile(path);
    expect(() => readPoolKey(path)).toThrow(AppStartError);
    expect(() => readPoolKey(path)).toThrow(
      `The keys file ${path} holds more than the pool key (root, pepper, cell, blobUrl, jwt): give executors a file of their own with "pool" alone.`,
    );
    writeFileSync(path, JSON.stringify({ pool: pool.toString('base64url') }));
    expect(readPoolKey(path)).toEqual(pool);
    writeFileSync(path, '{}');
    expect(() => readPoolKey(path)).toThrow(`The keys file ${path} is damaged`);
  });

  it('says in a sentence that a file cannot be read, and what to do', () => {
    expect(() => readKeysFile(path)).toThrow(AppStartError);
    expect(() => readKeysFile(path)).toThrow(
      `The keys file ${path} cannot be read (ENOENT): put it back, or set HEADGATE_KEYS_FILE to where it is.`,
    );
  });
});
