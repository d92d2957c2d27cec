import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { counterFaults, DatabaseGate, logFaults, reportedEvents, TestRecorder, until } from '#libs/testing';

describe('a recorder whose database is away', () => {
  let gate: DatabaseGate;
  let test: TestRecorder;
  beforeEach(async () => {
    test = await TestRecorder.create({
      databaseUrl: async (url) => {
        gate = await DatabaseGate.before(url);
        return gate.url;
      },
    });
  });
  afterEach(async () => {
    await gate.open();
    await test.dispose();
    await gate.shut();
  });

  /** Counts what is tried of the store, and lets a statement's answer be lost though it was carried out. */
  const watch = (method: 'append' | 'addDeadLetter' | 'addBlobs') => {
    const seen = { tries: 0, isLosing: false };
    const store = test.recorder['store'] as unknown as Record<
      string,
      (...given: unknown[]) => Promise<unknown>
    >;
    const work = store[method]?.bind(store);
    store[method] = async (...given) => {
      seen.tries += 1;
      const answer = await work?.(...given);
      if (!seen.isLosing) return answer;
      seen.isLosing = false;
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
    };
    return seen;
  };

  it('loses nothing and judges nothing: what came meanwhile is written when it is back', async () => {
    const [before, during] = [await test.runs.assigned(), await test.runs.assigned()];
    await test.take(test.report(before, reportedEvents(2)));
    await gate.shut();
    const seen = watch('append');
    const { writer } = test.recorder['events']['options'];
    const write = writer.write.bind(writer);
    let batches = 0;
    writer.write = (batch) => {
      batches += 1;
      return write(batch);
    };
    const taking = test.take(
      test.report(before, reportedEvents(3, 'run.succeeded').slice(2)),
      test.report(during, reportedEvents(3, 'run.succeeded'), { partition: 1 }),
    );
    await until('it has tried twice', () => seen.tries >= 2);
    expect(test.counters.delivered).toBe(2);
    await gate.open();
    await taking;
    for (const ref of [before, during]) {
      expect((await test.runs.row(ref)).status).toBe('succeeded');
      expect(logFaults(await test.runs.log(ref))).toEqual([]);
    }
    // the batch of each partition waited: a bus brings nothing back for ever
    expect(batches).toBe(2);
    expect(test.counters).toEqual({ delivered: 6, written: 6, duplicate: 0, fenced: 0, dead: 0 });
  });

  it('ends though it cannot write, and what it could not write is not counted', async () => {
    const ref = await test.runs.assigned();
    await gate.shut();
    const seen = watch('append');
    await test.bus.publish([test.report(ref, reportedEvents(2))]);
    await until('it has tried', () => seen.tries > 1);
    const stoppedAt = performance.now();
    await test.recorder.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    expect(test.counters).toMatchObject({ delivered: 0, written: 0, dead: 0 });
  });

  it('counts once what it wrote without learning so', async () => {
    const ref = await test.runs.assigned();
    watch('append').isLosing = true;
    await test.take(test.report(ref, reportedEvents(3, 'run.succeeded')));
    expect(await test.runs.log(ref)).toHaveLength(4);
    expect(test.counters).toEqual({ delivered: 3, written: 0, duplicate: 3, fenced: 0, dead: 0 });
  });

  it('counts once what was handed to it again', async () => {
    const ref = await test.runs.assigned();
    const consumer = test.recorder['events']['options'].writer;
    const write = consumer.write.bind(consumer);
    consumer.write = async (batch) => {
      consumer.write = write;
      await write(batch);
      throw new Error('a fault of ours');
    };
    await test.take(test.report(ref, reportedEvents(2)));
    expect(counterFaults(test.counters, 2)).toEqual([]);
    expect(test.counters.duplicate).toBe(2);
  });

  it('ends no run for a bad row that it cannot look at now', async () => {
    const ref = await test.runs.assigned();
    await test.refuse(ref);
    await gate.shut();
    const seen = watch('append');
    const taking = test.take(test.report(ref, reportedEvents(2)));
    await until('it has tried', () => seen.tries > 0);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned' });
    await gate.open();
    await taking;
    expect((await test.runs.row(ref)).status).toBe('failed');
  });

  it('keeps a dead letter for later, and stores it once', async () => {
    const ref = await test.runs.assigned();
    const seen = watch('addDeadLetter');
    seen.isLosing = true;
    const bad = test.report(ref, reportedEvents(1), { token: 'bad' });
    await test.take(bad);
    expect(seen.tries).toBe(2);
    expect(await test.letters()).toHaveLength(1);
    await gate.shut();
    const taking = test.take(bad);
    await gate.open();
    await taking;
    expect(await test.letters()).toHaveLength(2);
  });
});
