import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { playExecutor, type Runnable, TestConductor } from '#libs/testing';

describe('an executor that is lost', () => {
  let test: TestConductor;
  let runnable: Runnable;
  let executorId: string;
  beforeEach(async () => {
    executorId = playExecutor();
    test = await TestConductor.create({}, { executorsOutlive: true });
    runnable = await test.runnable();
  });
  afterEach(() => test.dispose());

  const leases = () => test.term['leases'];
  /** Our own word came through for so long, and nobody else's. */
  const pass = async (seconds: number) => {
    const { liveness } = leases()['options'];
    for (let second = 0; second <= seconds; second += 1) liveness.probeCame(second * 1_000);
    await leases().loseSilent();
  };

  it('loses what it had, which goes on elsewhere at once and counts', async () => {
    const ref = await test.assigned(runnable, executorId);
    await leases().heard(test.status({ executorId, held: [{ ...ref, attempt: 1 }] }));
    await pass(6);
    const other = test.heard();
    await test.place();
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 2, executor_id: other });
  });

  it('is given nothing more', async () => {
    const ref = await test.assigned(runnable, executorId);
    await leases().heard(test.status({ executorId, held: [{ ...ref, attempt: 1 }] }));
    await pass(6);
    expect(test.term['executors'].choose(runnable.organizationId)).toBeUndefined();
  });

  it('keeps what it had while the recorder has not read all that it sent', async () => {
    const ref = await test.assigned(runnable, executorId);
    await leases().heard(test.status({ executorId, held: [{ ...ref, attempt: 1 }], eventOffsets: { 3: 7 } }));
    await pass(6);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', failures: 0 });
    await test.runs.database.rows(
      'insert into recorder_position (topic, partition, "offset") values ($1, 3, 7)',
      [TOPICS.runEvent],
    );
    await leases().loseSilent();
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1 });
  });

  it('is lost with what was being sent to it when it was given up', async () => {
    test.heard({ executorId });
    await pass(6);
    const ref = await test.assigned(runnable, executorId);
    await pass(0);
    await pass(6);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1 });
  });

  it('is told what is still its own when it was parked', async () => {
    const ref = await test.assigned(runnable, executorId);
    const [assigned] = await test.told('assign');
    expect(assigned?.executorId).toBe(executorId);
    await leases().heard(
      test.status({ executorId, isParked: true, pulse: 7, held: [{ ...ref, attempt: 1 }] }),
    );
    const [roll] = await test.told('roll-call');
    expect(roll).toMatchObject({ executorId, attempts: [{ runId: ref.runId, attempt: 1 }], pulse: 7 });
  });
});

describe('what a leader before has sent out', () => {
  let test: TestConductor;
  let runnable: Runnable;
  beforeEach(async () => {
    test = await TestConductor.create({}, { executorsOutlive: true });
    runnable = await test.runnable();
  });
  afterEach(() => test.dispose());

  const sentBefore = async (executorId: string) => {
    const ref = await test.assigned(runnable, executorId);
    test.term.claims.remove(ref.runId);
    await test.term['leases'].adoptAll();
    return ref;
  };

  it('stays with the executor that has it', async () => {
    const executorId = playExecutor();
    const ref = await sentBefore(executorId);
    await test.term['leases'].heard(test.status({ executorId, held: [{ ...ref, attempt: 1 }] }));
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 1, failures: 0 });
    expect(test.term.claims.get(ref.runId)?.executorId).toBe(executorId);
  });

  it('is nobody’s where its executor has heard of this term and does not have it', async () => {
    const executorId = playExecutor();
    const ref = await sentBefore(executorId);
    await test.term['leases'].heard(test.status({ executorId }));
    expect(await test.runs.log(ref)).toContainEqual(
      expect.objectContaining({
        type: 'run.retried',
        attempt: 1,
        data: expect.stringContaining('given back'),
      }),
    );
    expect((await test.runs.live(ref))?.failures).toBe(0);
  });
});
