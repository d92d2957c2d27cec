import { randomBytes } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contentKey, stagingPrefix } from '#libs/blobs';
import { contentHash } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import { type RunRef, reported, reportedEvents, TestRecorder, until } from '#libs/testing';

describe('large values that an executor has uploaded', () => {
  let test: TestRecorder;
  let ref: RunRef;
  beforeEach(async () => {
    test = await TestRecorder.create();
    ref = await test.runs.assigned();
  });
  afterEach(() => test.dispose());

  const upload = async (i: number, bytes = 1_000, { runId } = ref) => {
    const content = randomBytes(bytes);
    const key = `${stagingPrefix(runId, 1)}/${i}`;
    await test.blobs.upload(key, Readable.from([content]), bytes);
    return { i, hash: contentHash(content), size: bytes };
  };
  const checkpoint = (staged: Awaited<ReturnType<typeof upload>>, nodeId: string) => ({
    checkpoint: { nodeId, iteration: 0, staged },
  });
  const blobs = () =>
    test.runs.database.rows<{ hash: string }>('select org_id, hash, size::integer from blob');
  const staged = async () =>
    readdir(join(test.blobDirectory, stagingPrefix(ref.runId, 1))).catch(() => 'nothing');

  it('become content of the organization, known by their hash', async () => {
    const blob = await upload(0);
    await test.take(test.report(ref, [reported(1, 'run.started'), reported(2, 'log', { staged: [blob] })]));
    const row = { org_id: ref.organizationId, hash: blob.hash, size: blob.size };
    expect(await blobs()).toEqual([row]);
    const read = await test.blobs.get(contentKey(ref.organizationId, blob.hash));
    expect(Buffer.concat(await read.toArray())).toHaveLength(1_000);
  });

  it('are the state of a node too, for the next attempt', async () => {
    const blob = await upload(0);
    await test.take(
      test.report(ref, [reported(1, 'run.started'), reported(2, 'log', checkpoint(blob, 'node'))]),
    );
    expect(await test.runs.database.rows('select node_id, sealed, blob_hash from run_checkpoint')).toEqual([
      { node_id: 'node', sealed: null, blob_hash: blob.hash },
    ]);
  });

  it('are taken from several messages of one batch', async () => {
    const [first, second] = [await upload(0, 4_000_000), await upload(1)];
    const end = reportedEvents(3, 'run.succeeded').slice(2);
    await test.take(
      test.report(ref, [reported(1, 'run.started')]),
      test.report(ref, [reported(2, 'log', { staged: [first] })]),
      test.report(
        ref,
        end.map((event) => ({ ...event, staged: [second] })),
      ),
    );
    expect((await test.runs.row(ref)).status).toBe('succeeded');
    expect((await blobs()).map(({ hash }) => hash).toSorted()).toEqual([first.hash, second.hash].toSorted());
    expect(await staged()).toEqual([]);
  });

  it('hold up no other run of their batch', async () => {
    const other = await test.runs.assigned();
    const [mine, others] = [await upload(0), await upload(0, 1_000, other)];
    const promote = test.blobs.promote.bind(test.blobs);
    const { promise: isOther, resolve } = Promise.withResolvers<void>();
    test.blobs.promote = async (organizationId, key, announced) => {
      if (key.includes(other.runId)) resolve();
      else await isOther;
      return promote(organizationId, key, announced);
    };
    await test.take(
      test.report(ref, [reported(1, 'run.started', { staged: [mine] })]),
      test.report(other, [reported(1, 'run.started', { staged: [others] })]),
    );
    expect(await blobs()).toHaveLength(2);
  });

  it('end their run only once what came before is written', async () => {
    const missing = { i: 0, hash: 'a'.repeat(64), size: 1 };
    await test.take(
      test.report(ref, [reported(1, 'run.started'), reported(2, 'log')]),
      test.report(ref, [reported(3, 'log', { staged: [missing] })]),
      test.report(ref, [reported(4, 'log')]),
    );
    const types = (await test.runs.log(ref)).map(({ type }) => type);
    expect(types).toEqual(['run.queued', 'run.started', 'log', 'run.failed']);
    expect(test.counters).toEqual({ delivered: 4, written: 2, duplicate: 0, fenced: 1, dead: 1 });
  });

  it('are not waited for longer than they are kept', async () => {
    await upload(0);
    const old = new Date(Date.now() - 8 * 24 * 3_600_000);
    await utimes(join(test.blobDirectory, stagingPrefix(ref.runId, 1), '0'), old, old);
    await test.recorder.stop();
    await test.recorder.start(true);
    await until('it is cleared away', async () => (await staged()).length === 0);
  });

  it('may be told of twice', async () => {
    const blob = await upload(0);
    const message = test.report(ref, [
      reported(1, 'run.started'),
      ...reportedEvents(2, 'run.succeeded')
        .slice(1)
        .map((event) => ({ ...event, staged: [blob] })),
    ]);
    await test.take(message, message);
    expect((await test.runs.row(ref)).status).toBe('succeeded');
    expect(test.counters).toMatchObject({ written: 2, duplicate: 2, dead: 0 });
  });

  it.each(['is missing', 'is not what was announced'])('end their run where one %s', async (fault) => {
    const other = await test.runs.assigned();
    const blob = await upload(0);
    const announced = fault === 'is missing' ? { ...blob, i: 1 } : { ...blob, size: blob.size + 1 };
    await test.take(
      test.report(ref, [reported(1, 'run.started', { staged: [announced] })]),
      test.report(other, reportedEvents(2)),
    );
    expect(JSON.parse((await test.runs.row(ref)).error ?? '')).toMatchObject({ code: 'run.bad_event' });
    expect((await test.runs.row(ref)).error).toContain('a large value cannot be taken');
    expect(await test.runs.live(other)).toMatchObject({ status: 'running' });
    expect(await blobs()).toEqual([]);
  });

  it('end their run where one is larger than any may be, which nobody begins to read', async () => {
    const blob = await upload(0);
    test.blobs.promote = () => Promise.reject(new Error('the store is slow'));
    await test.take(
      test.report(ref, [
        reported(1, 'run.started', { staged: [{ ...blob, size: DEFAULTS.outputBytes + 1 }] }),
      ]),
    );
    expect(JSON.parse((await test.runs.row(ref)).error ?? '')).toMatchObject({ code: 'run.bad_event' });
  });

  it('end no run where the store is at fault, and are taken when it is well', async () => {
    const blob = await upload(0);
    const promote = test.blobs.promote.bind(test.blobs);
    let tries = 0;
    test.blobs.promote = async () => {
      tries += 1;
      if (tries === 2) test.blobs.promote = promote;
      throw Object.assign(new Error('no space is left'), { code: 'ENOSPC' });
    };
    await test.take(test.report(ref, [reported(1, 'run.started', { staged: [blob] })]));
    expect(await test.runs.live(ref)).toMatchObject({ status: 'running' });
    expect(await blobs()).toHaveLength(1);
    expect(test.counters).toMatchObject({ delivered: 1, written: 1, dead: 0 });
  });

  it('end no run where only the database was away', async () => {
    const blob = await upload(0);
    const store = test.recorder['store'];
    const addBlobs = store.addBlobs.bind(store);
    store.addBlobs = async () => {
      store.addBlobs = addBlobs;
      throw Object.assign(new Error('the server ends'), { code: '57P01' });
    };
    await test.take(test.report(ref, [reported(1, 'run.started', { staged: [blob] })]));
    expect(await test.runs.live(ref)).toMatchObject({ status: 'running' });
    expect(await blobs()).toHaveLength(1);
  });
});
