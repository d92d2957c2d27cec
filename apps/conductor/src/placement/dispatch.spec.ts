import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { playExecutor, type Runnable, TestConductor, until } from '#libs/testing';

describe('later attempts', () => {
  let test: TestConductor;
  beforeEach(async () => {
    test = await TestConductor.create();
  });
  afterEach(() => test.dispose());

  const again = async (runnable: Runnable) => {
    const ref = await test.queue(runnable);
    await test.runs.database.rows('update run_live set attempt = 1 where run_id = $1', [ref.runId]);
    return ref;
  };
  /** Reading what earlier attempts of an organization have completed takes until this is called. */
  const slow = ({ organizationId }: Runnable) => {
    const gate = Promise.withResolvers<void>();
    const { store } = test.term['placer']['options'];
    const read = store.checkpoints.bind(store);
    store.checkpoints = async (of, runId) => {
      if (of === organizationId) await gate.promise;
      return read(of, runId);
    };
    return gate.resolve;
  };

  it('keep no first attempt waiting, and no other organization, while what was completed is read', async () => {
    const [large, small] = [await test.runnable(), await test.runnable()];
    const last = await again(large);
    const others = [await again(small), await test.queue(small), await test.queue(large)];
    const go = slow(large);
    test.heard();
    await test.place();
    const sent = await test.told('assign', 3);
    expect(sent.map(({ assignment }) => assignment.runId).toSorted()).toEqual(
      others.map(({ runId }) => runId).toSorted(),
    );
    go();
    expect((await test.told('assign', 4)).at(-1)?.assignment).toMatchObject({
      runId: last.runId,
      attempt: 2,
    });
  });

  it('are not sent where they were taken away meanwhile', async () => {
    const runnable = await test.runnable();
    const { runId } = await again(runnable);
    const go = slow(runnable);
    test.heard();
    await test.place();
    test.term['takeback'].release(runId, 2);
    go();
    await test.term['placer'].stop();
    expect(test.assignments()).toEqual([]);
  });

  it('end as too large where what was completed cannot be brought back', async () => {
    const ref = await again(await test.runnable());
    await test.runs.database.rows(
      `insert into run_checkpoint (org_id, run_id, node_id, iteration, attempt, sealed)
       values ($1, $2, 'n', 0, 1, convert_to(repeat('x', 8 * 1024 * 1024), 'UTF8'))`,
      [ref.organizationId, ref.runId],
    );
    test.heard();
    await test.place();
    await until('the run has failed', async () => (await test.runs.row(ref)).status === 'failed');
    expect(JSON.parse((await test.runs.row(ref)).error ?? '')).toMatchObject({ code: 'run.limit_exceeded' });
    expect(test.term.claims.size).toBe(0);
    expect(test.assignments()).toEqual([]);
  });

  it('have a runner of their own after a failure: they wait where another run has the only one', async () => {
    const runnable = await test.runnable();
    const refs = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    const [first = '', second = ''] = refs.map(({ runId }) => runId).toSorted();
    await test.runs.database.rows('update run_live set attempt = 1, failures = 1 where run_id = $1', [
      second,
    ]);
    const executorId = playExecutor();
    test.heard({ executorId, maxRunners: 1 });
    await test.sweep();
    await test.place();
    await test.told('assign');
    expect(test.term.claims.size).toBe(1);
    test.term['takeback'].release(first, 1);
    expect((await test.told('assign', 2)).at(-1)?.assignment.runId).toBe(second);
    expect(test.term['executors']['rooms'].get(executorId)?.['needed']).toBe(1);
  });
});

describe('organizations without room', () => {
  it('hide nobody behind them who has some, however many they are', async () => {
    const test = await TestConductor.create();
    const executorId = test.heard({ maxRunners: 1, slotsPerRunner: 2 });
    const name = () => ({ organizationId: newId(), projectId: 'p', deploymentId: newId(), runId: newId() });
    for (let full = 0; full < 130; full += 1) test.term['queue'].add(name());
    const last = name();
    test.term['queue'].add(last);
    test.term['executors'].sent(executorId, last.organizationId);
    expect(test.term['placer']['pick']().map(({ run }) => run.runId)).toEqual([last.runId]);
    await test.dispose();
  });
});
