import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import {
  attemptEvents,
  executorEvent,
  playExecutor,
  type Runnable,
  type RunRef,
  TestConductor,
} from '#libs/testing';

describe('the leases', () => {
  let test: TestConductor;
  let runnable: Runnable;
  let executorId: string;
  beforeEach(async () => {
    executorId = playExecutor();
    test = await TestConductor.create();
    runnable = await test.runnable();
  });
  afterEach(() => test.dispose());

  const hear = (more: Parameters<TestConductor['status']>[0]) =>
    test.term['leases'].heard(test.status({ executorId, ...more }));
  const doneAs = (ref: RunRef, outcome: 'ended' | 'returned' | 'lost' | 'unserved') => [
    { ...ref, attempt: 1, outcome },
  ];
  const succeed = (ref: RunRef) =>
    test.runs.outcomes('hg_recorder', {
      ...ref,
      attempt: 1,
      from: 'owner',
      events: attemptEvents(2, 'run.succeeded'),
    });
  const recorderAt = (offset: number) =>
    test.runs.database.rows(
      `insert into recorder_position (topic, partition, "offset") values ($1, 3, $2)
       on conflict (topic, partition) do update set "offset" = excluded."offset"`,
      [TOPICS.runEvent, offset],
    );

  it.each([
    ['returned', 0],
    ['lost', 1],
    ['unserved', 1],
  ] as const)('take an attempt away that the executor says is %s: %i failures', async (outcome, failures) => {
    const ref = await test.assigned(runnable, executorId);
    await hear({ done: doneAs(ref, outcome) });
    expect((await test.runs.live(ref))?.failures).toBe(failures);
    expect((await test.runs.log(ref)).at(-1)).toMatchObject({ type: 'run.retried', attempt: 1 });
  });

  it('take an attempt away once, however often it is said', async () => {
    const ref = await test.assigned(runnable, executorId);
    await hear({ done: doneAs(ref, 'lost') });
    await hear({ done: doneAs(ref, 'lost') });
    expect(await test.runs.live(ref)).toMatchObject({ attempt: 1, failures: 1, last_seq: 2 });
  });

  it('tell the executor what it may forget: what is in the log, and no earlier', async () => {
    const ref = await test.assigned(runnable, executorId);
    await hear({ done: doneAs(ref, 'ended'), eventOffsets: { 3: 5 } });
    await succeed(ref);
    test.term['leases'].ended(ref.runId, 1);
    expect(test.commands.map(({ kind }) => kind)).not.toContain('recorded');
    await hear({ done: doneAs(ref, 'ended') });
    expect(await test.told('recorded')).toMatchObject([
      { executorId, attempts: [{ runId: ref.runId, attempt: 1 }] },
    ]);
  });

  it('tell the executor to stop what somebody else has ended, when it still holds it', async () => {
    const ref = await test.assigned(runnable, executorId);
    await succeed(ref);
    test.term['leases'].ended(ref.runId, 1);
    const held = [{ ...ref, attempt: 1 }];
    await hear({ held });
    expect(test.commands.map(({ kind }) => kind)).not.toContain('cancel');
    await hear({ held });
    expect(await test.told('cancel')).toEqual([{ kind: 'cancel', executorId, runId: ref.runId, attempt: 1 }]);
  });

  it('take up again what was said to have ended, when it is still held and the table knows of no end', async () => {
    const ref = await test.assigned(runnable, executorId);
    const room = test.term['executors']['rooms'].get(executorId);
    test.term['leases'].ended(ref.runId, 1);
    const held = [{ ...ref, attempt: 1 }];
    await hear({ held });
    await hear({ held });
    expect(test.term.claims.get(ref.runId)).toMatchObject({ attempt: 1, executorId });
    expect(room?.['load'].get(runnable.organizationId)).toMatchObject({ shared: 1, alone: 0 });
    expect(test.commands.map(({ kind }) => kind)).not.toContain('cancel');
  });

  it('tell an executor to stop what is another’s, and what cannot be', async () => {
    const ref = await test.assigned(runnable, playExecutor());
    test.term['leases'].ended(ref.runId, 1);
    test.heard({ executorId });
    const held = [
      { ...ref, attempt: 1 },
      { organizationId: 'o', runId: 'r', attempt: 1 },
    ];
    await hear({ held });
    await hear({ held });
    const runIds = (await test.told('cancel', 2)).map(({ runId }) => runId);
    expect(runIds).toEqual([ref.runId, 'r']);
    expect(test.term.claims.get(ref.runId)).toBeUndefined();
  });

  it('free the slot of a run that ended, by its attempt only', async () => {
    const ref = await test.assigned(runnable, executorId);
    test.term['leases'].ended(ref.runId, 2);
    expect(test.term.claims.size).toBe(1);
    test.term['leases'].ended(ref.runId, 1);
    test.term['leases'].ended(ref.runId, 1);
    expect(test.term.claims.size).toBe(0);
    expect(test.term['executors']['rooms'].get(executorId)?.['load'].size).toBe(0);
  });

  describe('an end that the executor has told of', () => {
    it('is waited for while the recorder has not read it', async () => {
      const ref = await test.assigned(runnable, executorId);
      await hear({ done: doneAs(ref, 'ended'), eventOffsets: { 3: 5 } });
      await recorderAt(4);
      await hear({ done: doneAs(ref, 'ended'), eventOffsets: { 3: 5 } });
      expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 1 });
    });

    it('was lost where the recorder is past it and it is not in the log', async () => {
      const ref = await test.assigned(runnable, executorId);
      await recorderAt(5);
      await hear({ done: doneAs(ref, 'ended'), eventOffsets: { 3: 5 } });
      expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1 });
      expect((await test.runs.log(ref)).at(-1)?.data).toContain('its end was lost on its way');
    });

    it('frees its slot where it is in the log and only the hint was lost', async () => {
      const ref = await test.assigned(runnable, executorId);
      await succeed(ref);
      await recorderAt(5);
      await hear({ done: doneAs(ref, 'ended'), eventOffsets: { 3: 5 } });
      expect(test.term.claims.size).toBe(0);
      expect(await test.runs.row(ref)).toMatchObject({ status: 'succeeded', last_seq: 3 });
    });
  });

  it('take an attempt away that a hole broke, when its refused events are told of', async () => {
    const ref = await test.assigned(runnable, executorId);
    const { organizationId, runId } = ref;
    await test.term['leases'].fenced(organizationId, runId, 1);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', failures: 0 });
    await test.runs.outcomes('hg_recorder', {
      ...ref,
      attempt: 1,
      from: 'owner',
      events: [executorEvent(2, 'log')],
    });
    await test.term['leases'].fenced(organizationId, runId, 2);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', broken: true });
    await test.term['leases'].fenced(organizationId, runId, 1);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1, broken: false });
  });

  it('give back what the table says is out and nobody has, without counting it', async () => {
    const [known, unknown] = [
      await test.assigned(runnable, executorId),
      await test.assigned(runnable, executorId),
    ];
    test.term.claims.remove(unknown.runId);
    await test.term['leases'].giveBackUnknown();
    await test.told('assign', 3);
    expect(await test.runs.live(known)).toMatchObject({ status: 'assigned', attempt: 1 });
    expect(await test.runs.live(unknown)).toMatchObject({ status: 'assigned', attempt: 2, failures: 0 });
  });
});
