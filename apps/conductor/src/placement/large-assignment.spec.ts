import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BusMessage, ExecutorCommand, TOPICS } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { type Runnable, TestConductor } from '#libs/testing';

const NAMES = ['A', 'B', 'C'];
/** Three of these are more than a message may hold. */
const LARGE = 'x'.repeat(DEFAULTS.messageBytes / 2);

describe('an assignment that is larger than a message', () => {
  let test: TestConductor;
  let messages: BusMessage[];
  let runnable: Runnable;
  beforeEach(async () => {
    test = await TestConductor.create();
    messages = [];
    const { publish } = test.bus;
    test.bus.publish = async (all) => {
      messages.push(...all.filter(({ topic }) => topic === TOPICS.executorCommand));
      return publish.call(test.bus, all);
    };
    runnable = await test.runnable(NAMES);
    for (const name of NAMES) await test.setVariable(runnable, name, LARGE);
  });
  afterEach(() => test.dispose());

  it('goes through the blob store, sealed, and is whole', async () => {
    const ref = await test.queue(runnable);
    const executorId = test.heard();
    await test.place();
    const [told] = await test.told('assign');
    expect(told).toMatchObject({ executorId, assignment: { ...ref, attempt: 1 } });
    expect(told?.assignment.variables).toEqual(Object.fromEntries(NAMES.map((name) => [name, LARGE])));
    const [command] = messages.map(({ value }) => ExecutorCommand.decode(value).data);
    expect(command).toEqual({
      kind: 'assign',
      executorId,
      runId: ref.runId,
      attempt: 1,
      url: expect.any(String),
    });
    expect(test.term.claims.get(ref.runId)?.unconfirmed).toBeDefined();
  });

  it('holds up nobody else while the blob store takes its time, and is not sent where it was taken away', async () => {
    const { blobs } = test.term['placer']['options'];
    const gate = Promise.withResolvers<void>();
    const stage = blobs.stage.bind(blobs);
    blobs.stage = async (...what) => {
      await gate.promise;
      return stage(...what);
    };
    const [large, small] = [await test.queue(runnable), await test.queue(await test.runnable())];
    test.heard();
    await test.place();
    expect((await test.told('assign')).map(({ assignment }) => assignment.runId)).toEqual([small.runId]);
    test.term['takeback'].release(large.runId, 1);
    gate.resolve();
    await test.term['placer'].stop();
    expect(messages).toHaveLength(1);
  });

  it('is given back, and counts, where the blob store does not take it', async () => {
    const { blobs } = test.term['placer']['options'];
    blobs.stage = () => Promise.reject(new Error('not now'));
    const ref = await test.queue(runnable);
    test.heard();
    await test.place();
    await test.term['placer'].stop();
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1 });
    expect(messages.map(({ value }) => ExecutorCommand.decode(value).data.kind)).toEqual(['cancel']);
  });

  it('is no larger than a message where it is sent as one', async () => {
    const fits = await test.runnable(['A']);
    // with what else an assignment holds, in base64, just below and just above
    for (const bytes of [193_000, 197_000]) {
      await test.setVariable(fits, 'A', 'x'.repeat(bytes));
      test.term['placer']['options'].releases.forgetVariables(fits.organizationId);
      await test.queue(fits);
      test.heard();
      await test.place();
    }
    await test.told('assign', 2);
    const sizes = messages.map(({ value }) => value.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(DEFAULTS.messageBytes);
    expect(Math.max(...sizes)).toBeGreaterThan(DEFAULTS.messageBytes - 8 * 1024);
    expect(Math.min(...sizes)).toBeLessThan(2 * 1024);
  });
});
