import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { Clock } from '#libs/kernel';
import { BlobMismatchError, contentKey, stagingPrefix } from './blob-store.ts';
import { BlobTooLargeError, FileBlobStore } from './file-blob-store.ts';
import { isSigned } from './signed-path.ts';

class StillClock extends Clock {
  override now(): Date {
    return new Date('2026-11-21T00:00:00.900Z');
  }
}

const clock = new StillClock();
const KEY = Buffer.alloc(32, 5);
const NOW_SECONDS = Date.UTC(2026, 10, 21) / 1_000;
const CONTENT = Buffer.from('some content');
const HASH = contentHash(CONTENT);

let directory: string;
let store: FileBlobStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-blobs-'));
  store = new FileBlobStore({
    directory,
    baseUrl: () => 'http://gateway:4600',
    signingKey: KEY,
    clock,
  });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** All files of the store, by their keys. */
async function files(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

const upload = (key: string, content: Uint8Array, maxBytes = 1_000) =>
  store.upload(key, Readable.from([content]), maxBytes);

describe('putting content in files', () => {
  it('stores it for the owner of the files alone', async () => {
    await store.put('o1', CONTENT);
    expect((await stat(join(directory, 'o1', HASH))).mode & 0o777).toBe(0o600);
  });

  it('changes nothing when it is there already', async () => {
    await store.put('o1', CONTENT);
    const before = await stat(join(directory, 'o1', HASH));
    await store.put('o1', CONTENT);
    const after = await stat(join(directory, 'o1', HASH));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await files()).toEqual([`o1/${HASH}`]);
  });
});

describe('an upload', () => {
  it('stands under its staging key, as large as was granted', async () => {
    await upload('staging/r1/1/0', CONTENT, CONTENT.length);
    expect(await files()).toEqual(['staging/r1/1/0']);
    expect(await readFile(join(directory, 'staging/r1/1/0'))).toEqual(CONTENT);
  });

  it('is refused when it is larger than was granted, and leaves nothing', async () => {
    const tooLarge = upload('staging/r1/1/0', CONTENT, CONTENT.length - 1);
    await expect(tooLarge).rejects.toBeInstanceOf(BlobTooLargeError);
    expect(await files()).toEqual([]);
  });

  it('is refused as soon as it is too large, not when it ends', async () => {
    let taken = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          taken += 1;
          yield Buffer.alloc(1_000);
        }
      })(),
    );
    await expect(store.upload('staging/r1/1/0', endless, 5_000)).rejects.toBeInstanceOf(BlobTooLargeError);
    expect(taken).toBeLessThan(100);
    expect(await files()).toEqual([]);
  });

  it('leaves nothing when its sender breaks off', async () => {
    const broken = Readable.from(
      (function* () {
        yield CONTENT;
        throw new Error('the sender is gone');
      })(),
    );
    await expect(store.upload('staging/r1/1/0', broken, 1_000)).rejects.toThrow('the sender is gone');
    expect(await files()).toEqual([]);
  });
});

it('blames nobody for an upload where the files cannot be moved', async () => {
  await upload('staging/r1/1/0', CONTENT);
  await writeFile(join(directory, 'o1'), 'where a folder should be');
  const promoted = store.promote('o1', 'staging/r1/1/0', { hash: HASH, size: CONTENT.length });
  await expect(promoted).rejects.not.toBeInstanceOf(BlobMismatchError);
});

describe('clearing old uploads', () => {
  const HOUR_MS = 3_600_000;
  /** As if it had last been touched that long ago. */
  const age = async (path: string, hours: number) => {
    const then = new Date(clock.now().getTime() - hours * HOUR_MS);
    await utimes(join(directory, path), then, then);
  };

  it('removes what nobody has taken, and keeps what is young or content', async () => {
    await store.put('o1', CONTENT);
    for (const key of ['r1/1/0', 'r1/1/1', 'r2/1/0']) await upload(`staging/${key}`, CONTENT);
    await writeFile(join(directory, 'drafts/of a dead process'), CONTENT);
    for (const old of ['o1', `o1/${HASH}`, 'staging/r1/1/0', 'staging/r2/1/0', 'drafts/of a dead process'])
      await age(old, 25);
    await age('staging/r1/1/1', 23);
    await store.clearUploads(24 * HOUR_MS);
    expect(await files()).toEqual([`o1/${HASH}`, 'staging/r1/1/1']);
  });

  it('removes folders that have been empty for an hour', async () => {
    for (const run of ['r1', 'r2']) {
      await upload(`staging/${run}/1/0`, CONTENT);
      await store.promote('o1', `staging/${run}/1/0`, { hash: HASH, size: CONTENT.length });
    }
    await age('staging/r1/1', 2);
    await store.clearUploads(24 * HOUR_MS);
    await age('staging/r1', 2);
    await store.clearUploads(24 * HOUR_MS);
    expect(await readdir(join(directory, 'staging'), { recursive: true })).toEqual(['r2', 'r2/1']);
  });

  it('finds nothing where nothing was ever uploaded', async () => {
    await expect(store.clearUploads(0)).resolves.toBeUndefined();
  });
});

describe('a grant', () => {
  const partsOf = (url: string) => {
    const { origin, pathname, searchParams } = new URL(url);
    const number = (name: string) => Number(searchParams.get(name));
    return {
      origin,
      pathname,
      expiresAtSeconds: number('expires'),
      maxBytes: number('max'),
      signature: searchParams.get('signature') ?? '',
    };
  };

  it('to fetch names the content, for as long as is asked', () => {
    const { origin, pathname, signature, ...rest } = partsOf(store.grantGet(contentKey('o1', HASH), 90));
    expect([origin, pathname]).toEqual(['http://gateway:4600', `/blobs/o1/${HASH}`]);
    expect(rest).toEqual({ expiresAtSeconds: NOW_SECONDS + 90, maxBytes: 0 });
    expect(isSigned(KEY, { method: 'GET', path: `o1/${HASH}`, ...rest }, signature, NOW_SECONDS)).toBe(true);
    expect(isSigned(KEY, { method: 'PUT', path: `o1/${HASH}`, ...rest }, signature, NOW_SECONDS)).toBe(false);
  });

  it('to upload names the attempt, the size and a place for the number', () => {
    const { url, maxBytes } = store.grantPut(stagingPrefix('r1', 2), 8_000, 60);
    expect(maxBytes).toBe(8_000);
    expect(url).toContain('/blobs/staging/r1/2/{i}?');
    const { signature, expiresAtSeconds } = partsOf(url);
    expect(expiresAtSeconds).toBe(NOW_SECONDS + 60);
    const signed = { method: 'PUT', path: 'staging/r1/2', expiresAtSeconds, maxBytes: 8_000 } as const;
    expect(isSigned(KEY, signed, signature, NOW_SECONDS)).toBe(true);
  });
});
