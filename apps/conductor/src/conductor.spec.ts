import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ControlChanged, RunTouched } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { progressOf } from '#libs/runs';
import {
  attemptEvents,
  outsideEvent,
  playExecutor,
  type Runnable,
  type RunRef,
  TestConductor,
  until,
} from '#libs/testing';

describe('the conductor on the bus', () => {
  let test: TestConductor;
  let runnable: Runnable;
  let executorId: string;
  beforeEach(async () => {
    executorId = playExecutor();
    test = await TestConductor.create();
    runnable = await test.runnable();
  });
  afterEach(() => test.dispose());

  const touch = ({ organizationId, runId }: RunRef, what: 'requested' | 'cancel' = 'requested') =>
    test.bus.publish([RunTouched.encode(organizationId, { ...runnable, runId, what })]);
  const record = async (ref: RunRef, attempt: number) => {
    const append = {
      ...ref,
      attempt,
      from: 'owner' as const,
      events: attemptEvents(2, 'run.succeeded'),
    };
    const [appended] = await test.runs.append('hg_recorder', append);
    await test.bus.publish([progressOf(append, appended ?? [])]);
  };

  it('takes a run from its hint to an executor, and on to the next when it has ended', async () => {
    await test.start();
    await test.report({ executorId, maxRunners: 1, slotsPerRunner: 1 });
    const [first, second] = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    await touch(first);
    await test.told('assign');
    await touch(second);
    await record(first, 1);
    const commands = await test.told('assign', 2);
    expect(commands.map(({ assignment }) => assignment.runId)).toEqual([first.runId, second.runId]);
    await record(second, 1);
    await until('nothing is out', () => test.term.claims.size === 0);
    await test.report({ executorId, done: [{ ...second, attempt: 1, outcome: 'ended' }] });
    const [recorded] = await test.told('recorded');
    expect(recorded?.attempts).toEqual([{ runId: second.runId, attempt: 1 }]);
  });

  it('places a run once, however often it is hinted at', async () => {
    await test.start();
    await test.report({ executorId });
    const ref = await test.runs.queued(runnable);
    for (let hint = 0; hint < 5; hint += 1) await touch(ref);
    await test.told('assign');
    await touch(ref);
    const other = await test.runs.queued(runnable);
    await touch(other);
    await test.told('assign', 2);
    expect(test.assignments().map(({ runId }) => runId)).toEqual([ref.runId, other.runId]);
  });

  it('is not held up by a hint of an organization and a run that do not exist', async () => {
    await test.start();
    await test.report({ executorId, maxRunners: 1, slotsPerRunner: 1 });
    await touch({ organizationId: newId(), runId: newId() });
    await touch({ organizationId: runnable.organizationId, runId: newId() });
    const ref = await test.runs.queued(runnable);
    await touch(ref);
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(ref.runId);
    expect(test.term.claims.size).toBe(1);
  });

  it('passes a cancel on to the executor at once, and ends what no executor has', async () => {
    await test.start();
    await test.report({ executorId, maxRunners: 1, slotsPerRunner: 1 });
    const [out, queued] = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    await touch(out);
    await test.told('assign');
    for (const ref of [out, queued]) {
      const events = [outsideEvent('run.cancel_requested')];
      await test.runs.outcomes('hg_gateway', { ...ref, attempt: 0, from: 'live', events });
      await touch(ref, 'cancel');
    }
    expect(await test.told('cancel')).toContainEqual(
      expect.objectContaining({ executorId, runId: out.runId, attempt: 1 }),
    );
    await until('the other has ended', async () => (await test.runs.row(queued)).status === 'cancelled');
    expect((await test.runs.live(out))?.status).toBe('assigned');
  });

  it('gives back at its start what an earlier one had sent out, and counts none of it', async () => {
    const earlier = playExecutor();
    const left = await test.assigned(runnable, earlier);
    test.heard({ executorId: earlier, isDraining: true });
    test.term.claims.remove(left.runId);
    await test.start();
    expect(await test.runs.live(left)).toMatchObject({ status: 'queued', attempt: 1, failures: 0 });
    await test.report({ executorId });
    const [, again] = await test.told('assign', 2);
    expect(again).toMatchObject({ executorId, assignment: { runId: left.runId, attempt: 2 } });
  });

  it('does not start with keys that are not those of its database, and does where one opens', async () => {
    await test.runs.database.rows(`update kek set wrapped = 'of another root'`);
    await expect(test.start()).rejects.toThrow(/^The keys file does not belong to this database, .*\.$/);
    await test.runnable();
    await test.start();
  });

  it('finds at its start what was queued before', async () => {
    const ref = await test.runs.queued(runnable);
    await test.start();
    await test.report({ executorId });
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(ref.runId);
  });

  it('goes on after its connection was cut, and takes stock of what may have happened', async () => {
    await test.start();
    await test.report({ executorId });
    const unknown = await test.runs.queued(runnable);
    await touch(unknown);
    await test.told('assign');
    test.term.claims.remove(unknown.runId);
    await test.runs.database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'headgate-conductor'`,
    );
    const [, again] = await test.told('assign', 2);
    expect(again?.assignment).toMatchObject({ runId: unknown.runId, attempt: 2 });
    expect((await test.runs.live(unknown))?.failures).toBe(0);
  });

  it('makes a changed variable known to the next run', async () => {
    const reading = await test.runnable(['NAME']);
    await test.setVariable(reading, 'NAME', 'first');
    await test.start();
    await test.report({ executorId });
    const { organizationId } = reading;
    const hint = async () => {
      const { runId } = await test.runs.queued(reading);
      await test.bus.publish([RunTouched.encode(organizationId, { ...reading, runId, what: 'requested' })]);
    };
    await hint();
    await test.told('assign');
    await test.setVariable(reading, 'NAME', 'second');
    const change = { organizationId, what: 'variable' as const, id: newId() };
    await test.bus.publish([ControlChanged.encode(organizationId, change)]);
    const rings = test.term['placer']['options'].keyring['rings'];
    await until('it is heard', () => rings.get(organizationId)?.isStale);
    await hint();
    const commands = await test.told('assign', 2);
    expect(commands.map(({ assignment }) => assignment.variables)).toEqual([
      { NAME: 'first' },
      { NAME: 'second' },
    ]);
  });

  it('sends what it has claimed before it ends', async () => {
    await test.start();
    await test.report({ executorId });
    const gate = Promise.withResolvers<void>();
    const { releases } = test.term['placer']['options'];
    const load = releases.load.bind(releases);
    releases.load = async (runs) => {
      await gate.promise;
      return load(runs);
    };
    await touch(await test.runs.queued(runnable));
    await until('it is claimed', () => test.term.claims.size === 1);
    const stopping = test.conductor.stop();
    await until('it ends', () => test.conductor['leadership']['isClosed']);
    gate.resolve();
    await stopping;
    expect(await test.told('assign')).toHaveLength(1);
  });

  it('ends though its database is away and what it heard waits for it', async () => {
    await test.start();
    await test.report({ executorId });
    const ref = await test.runs.queued(runnable);
    await touch(ref);
    await test.told('assign');
    test.conductor['leadership']['options'].url = 'postgres://127.0.0.1:1/away';
    await test.runs.database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'headgate-conductor'`,
    );
    await test.report({ executorId, done: [{ ...ref, attempt: 1, outcome: 'returned' }] });
    await until('it tries to come back', () => test.conductor['leadership']['connection'] === undefined);
    const stoppedAt = performance.now();
    await test.conductor.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  });
});
