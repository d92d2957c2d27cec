import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PutGrant } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import type { Clock } from '#libs/kernel';
import { BlobMismatchError, BlobStore, checkedKey, contentKey, type Measured } from './blob-store.ts';
import { signPath } from './signed-path.ts';

export interface FileBlobStoreOptions {
  directory: string;
  /** Where executors reach the gateway's `/blobs` route. */
  baseUrl: () => string;
  signingKey: Uint8Array;
  clock: Clock;
}

/** An upload makes its folder before it fills it. */
const EMPTY_FOLDER_MS = 3_600_000;

/** Blobs as files; uploads and downloads go through the gateway's signed route. */
export class FileBlobStore extends BlobStore {
  constructor(private readonly options: FileBlobStoreOptions) {
    super();
  }

  async put(organizationId: string, content: Uint8Array): Promise<Measured> {
    const hash = contentHash(content);
    const path = this.pathOf(contentKey(organizationId, hash));
    if (!(await exists(path))) await this.write(path, content);
    return { hash, size: content.byteLength };
  }

  stage(stagingKey: string, bytes: Uint8Array): Promise<void> {
    return this.write(this.pathOf(stagingKey), bytes);
  }

  async get(key: string): Promise<Readable> {
    const file = await open(this.pathOf(key), 'r');
    return file.createReadStream();
  }

  /** Writes an upload under its staging key; refuses more than was granted. */
  async upload(stagingKey: string, body: Readable, maxBytes: number): Promise<void> {
    const draft = await this.draft();
    try {
      await pipeline(body, limited(maxBytes), createWriteStream(draft, { mode: 0o600, flush: true }));
      await this.settle(draft, this.pathOf(stagingKey));
    } finally {
      await rm(draft, { force: true });
    }
  }

  async promote(organizationId: string, stagingKey: string, announced: Measured): Promise<void> {
    const to = this.pathOf(contentKey(organizationId, announced.hash));
    const from = this.pathOf(stagingKey);
    try {
      const { size } = await stat(from);
      const hash = await hashOfFile(from);
      if (size !== announced.size || hash !== announced.hash)
        throw new BlobMismatchError(`the upload ${stagingKey} is not what was announced`);
      await this.settle(from, to);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      // done before, or by another at any moment of this
      if (!(await exists(to))) throw new BlobMismatchError(`nothing was uploaded as ${stagingKey}`);
    }
  }

  async clearUploads(olderThanMs: number): Promise<void> {
    const now = this.options.clock.now().getTime();
    for (const folder of ['drafts', 'staging'])
      await clearFolder(join(this.options.directory, folder), {
        filesBefore: now - olderThanMs,
        foldersBefore: now - EMPTY_FOLDER_MS,
      });
  }

  grantGet(key: string, forSeconds: number): string {
    return this.sign('GET', key, 0, forSeconds);
  }

  grantPut(prefix: string, maxBytes: number, forSeconds: number): PutGrant {
    return { url: this.sign('PUT', prefix, maxBytes, forSeconds).replace('?', '/{i}?'), maxBytes };
  }

  private sign(method: 'GET' | 'PUT', path: string, maxBytes: number, forSeconds: number): string {
    const expiresAtSeconds = Math.floor(this.options.clock.now().getTime() / 1000) + forSeconds;
    const signature = signPath(this.options.signingKey, { method, path, expiresAtSeconds, maxBytes });
    const query = `expires=${expiresAtSeconds}&max=${maxBytes}&signature=${signature}`;
    return `${this.options.baseUrl()}/blobs/${path}?${query}`;
  }

  private pathOf(key: string): string {
    return join(this.options.directory, checkedKey(key));
  }

  private async write(path: string, content: Uint8Array): Promise<void> {
    const draft = await this.draft();
    try {
      await writeFile(draft, content, { flag: 'wx', mode: 0o600, flush: true });
      await this.settle(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
  }

  private async draft(): Promise<string> {
    const folder = join(this.options.directory, 'drafts');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, randomBytes(12).toString('hex'));
  }

  private async settle(from: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await rename(from, to);
    const folder = await open(dirname(to), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** An upload that is larger than its grant. */
export class BlobTooLargeError extends Error {}

async function* limitChunks(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new BlobTooLargeError(`an upload may hold ${maxBytes} bytes`);
    yield chunk;
  }
}

function limited(maxBytes: number) {
  return (source: AsyncIterable<Uint8Array>) => limitChunks(source, maxBytes);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function clearFolder(
  folder: string,
  ages: { filesBefore: number; foldersBefore: number },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(nothingThere([]));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const changed = (await stat(path).catch(nothingThere(undefined)))?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (!entry.isDirectory()) {
      if (changed < ages.filesBefore) await rm(path, { force: true });
      continue;
    }
    await clearFolder(path, ages);
    if (changed < ages.foldersBefore) await rmdir(path).catch(() => undefined);
  }
}

/** Others take uploads away meanwhile. */
function nothingThere<Instead>(instead: Instead) {
  return (cause: NodeJS.ErrnoException): Instead => {
    if (cause.code === 'ENOENT') return instead;
    throw cause;
  };
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
