import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { SystemClock } from '#libs/kernel';
import { contentKey } from './blob-store.ts';
import { FileBlobStore } from './file-blob-store.ts';

const CONTENT = Buffer.from('"what another organization keeps"');
const HASH = contentHash(CONTENT);
const ANNOUNCED = { hash: HASH, size: CONTENT.length };

let around: string;
let directory: string;
let store: FileBlobStore;
beforeEach(async () => {
  around = await mkdtemp(join(tmpdir(), 'headgate-blobs-'));
  directory = join(around, 'blobs');
  store = new FileBlobStore({
    directory,
    baseUrl: () => 'http://gateway',
    signingKey: Buffer.alloc(32, 5),
    clock: new SystemClock(),
  });
  await writeFile(join(around, 'outside'), CONTENT);
  await store.put('o2', CONTENT);
  await mkdir(join(directory, 'o1'));
});
afterEach(() => rm(around, { recursive: true, force: true }));

async function files(): Promise<string[]> {
  const entries = await readdir(around, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(around.length + 1))
    .toSorted();
}

const DAY_MS = 24 * 3_600_000;
const NO_KEY = 'this is not a key of a blob';
const AS_BEFORE = [`blobs/o2/${HASH}`, 'outside'];

describe('a hash that leads elsewhere', () => {
  it.each([
    `../o2/${HASH}`,
    '../../outside',
    `../o1/../o2/${HASH}`,
    `./../o2/${HASH}`,
    `/../o2/${HASH}`,
    '..',
    '.',
    '',
    `${HASH}\u0000`,
    `..\\o2\\${HASH}`,
    `${HASH}\n`,
  ])('is fetched from nowhere and promoted to nowhere: %j', async (hash) => {
    await expect(store.get(contentKey('o1', hash))).rejects.toThrow(NO_KEY);
    await store.upload('staging/r1/1/0', Readable.from([CONTENT]), 1_000);
    const promoted = store.promote('o1', 'staging/r1/1/0', { hash, size: CONTENT.length });
    await expect(promoted).rejects.toThrow(NO_KEY);
    expect(await files()).toEqual([...AS_BEFORE, 'blobs/staging/r1/1/0'].toSorted());
  });

  it('is not taken for promoted already because there is something at its end', async () => {
    const promoted = store.promote('o1', 'staging/r1/1/0', { ...ANNOUNCED, hash: `../o2/${HASH}` });
    await expect(promoted).rejects.toThrow(NO_KEY);
  });
});

describe('an organization or a staging key that leads elsewhere', () => {
  it.each(['..', '../..', 'o1/..', '.', '', '/', 'o1/', '\u0000'])('is refused: %j', async (part) => {
    await expect(store.put(part, CONTENT)).rejects.toThrow(NO_KEY);
    await expect(store.get(contentKey(part, HASH))).rejects.toThrow(NO_KEY);
    await expect(store.upload(`staging/${part}/0`, Readable.from([CONTENT]), 1_000)).rejects.toThrow(NO_KEY);
    await expect(store.promote('o1', `staging/${part}/0`, ANNOUNCED)).rejects.toThrow(NO_KEY);
    expect(await files()).toEqual(AS_BEFORE);
  });

  it('keeps content when old uploads are cleared away', async () => {
    await store.clearUploads(-DAY_MS);
    expect(await files()).toEqual(AS_BEFORE);
  });
});

describe('a disk that refuses', () => {
  beforeEach(() => writeFile(join(directory, 'o3'), 'a file where a folder should be'));
  const refused = [...AS_BEFORE, 'blobs/o3'].toSorted();

  it('fails what was put, and leaves no draft behind', async () => {
    await expect(store.put('o3', CONTENT)).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await files()).toEqual(refused);
  });

  it('fails an upload, and leaves no draft behind', async () => {
    const upload = store.upload('o3/1', Readable.from([CONTENT]), 1_000);
    await expect(upload).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await files()).toEqual(refused);
  });

  it('leaves an upload where it was when it cannot be promoted', async () => {
    await store.upload('staging/r1/1/0', Readable.from([CONTENT]), 1_000);
    await expect(store.promote('o3', 'staging/r1/1/0', ANNOUNCED)).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(await readFile(join(directory, 'staging/r1/1/0'))).toEqual(CONTENT);
  });
});
