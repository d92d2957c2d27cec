import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BusMessage } from '#libs/contracts';
import { TOPICS } from '#libs/contracts';
import { playExecutor, type RunRef, TestConductor, until } from '#libs/testing';
import type { ReleaseCache } from './release-cache.ts';

describe('a batch that cannot be placed as it should', () => {
  let test: TestConductor;
  let isDropping = false;
  beforeEach(async () => {
    isDropping = false;
    const fault = ({ topic }: BusMessage) => ({
      copies: isDropping && topic === TOPICS.executorCommand ? 0 : 1,
      delayMs: 0,
    });
    test = await TestConductor.create({ fault });
  });
  afterEach(() => test.dispose());

  const part = <Name extends 'releases' | 'keyring'>(name: Name) => test.term['placer']['options'][name];
  /** Comes before the cache is loaded, once or as often as is said: the runs have been claimed and not yet sent. */
  const beforeLoading = (work: (runs: Parameters<ReleaseCache['load']>[0]) => Promise<void>, times = 1) => {
    let left = times;
    const releases = part('releases');
    const load = releases.load.bind(releases);
    releases.load = async (runs) => {
      left -= 1;
      if (left === 0) releases.load = load;
      await work(runs);
      return load(runs);
    };
  };
  const cutOff = () =>
    test.runs.database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'headgate-conductor'`,
    );
  const live = async (ref: RunRef) => {
    const { status, attempt, failures } = (await test.runs.live(ref)) ?? {};
    return { status, attempt, failures };
  };

  it('holds its claims from the moment they are made: taking stock meanwhile gives none back', async () => {
    const ref = await test.queue(await test.runnable());
    test.heard();
    beforeLoading(() => test.term['leases'].giveBackUnknown());
    await test.place();
    await test.told('assign');
    expect(await live(ref)).toEqual({ status: 'assigned', attempt: 1, failures: 0 });
    expect(test.term.claims.get(ref.runId)?.attempt).toBe(1);
  });

  it('gives attempts back and counts them where what they need is refused', async () => {
    const refs = [await test.queue(await test.runnable()), await test.queue(await test.runnable())];
    test.heard({ maxRunners: 2, slotsPerRunner: 1 });
    await test.runs.database.rows('alter table version rename to version_away');
    await test.place();
    for (const ref of refs) expect(await live(ref)).toEqual({ status: 'queued', attempt: 1, failures: 1 });
    expect(test.term.claims.size).toBe(0);
    expect(test.assignments()).toEqual([]);
    await test.runs.database.rows('alter table version_away rename to version');
    await test.runs.database.rows('update run_live set not_before = null');
    await test.sweep();
    await test.place();
    expect((await test.told('assign', 2)).map(({ assignment }) => assignment.attempt)).toEqual([2, 2]);
  });

  it('counts no failure where the database was away, and goes on when it is back', async () => {
    const ref = await test.queue(await test.runnable());
    test.heard();
    // as a batch, and each organization alone
    beforeLoading(async () => {
      await cutOff();
      throw Object.assign(new Error('terminating connection'), { code: '57P01' });
    }, 2);
    await test.place();
    await test.sweep();
    await test.place();
    const [command] = await test.told('assign');
    expect(command?.assignment).toMatchObject({ runId: ref.runId, attempt: 2, isAlone: false });
    expect(await live(ref)).toEqual({ status: 'assigned', attempt: 2, failures: 0 });
  });

  it('forgets a claim that it could not even give back, so that taking stock finds it', async () => {
    const ref = await test.queue(await test.runnable());
    test.heard();
    const rename = (...names: [string, string, string]) =>
      test.runs.database.rows(`alter ${names[0]} ${names[1]} rename to ${names[2]}`);
    await rename('table', 'version', 'version_away');
    await rename('function', 'append_events', 'append_events_away');
    await test.place();
    expect(await live(ref)).toEqual({ status: 'assigned', attempt: 1, failures: 0 });
    await rename('table', 'version_away', 'version');
    await rename('function', 'append_events_away', 'append_events');
    await test.term['leases'].giveBackUnknown();
    await test.told('assign');
    expect(await live(ref)).toEqual({ status: 'assigned', attempt: 2, failures: 0 });
  });

  it('counts a failure for the organization whose rows cannot be read, and for no other', async () => {
    const [bad, good] = [await test.runnable(), await test.runnable()];
    const [refused, placed] = [await test.queue(bad), await test.queue(good)];
    test.heard();
    beforeLoading(async (runs) => {
      if (runs.some(({ organizationId }) => organizationId === bad.organizationId))
        throw new Error('not read');
    }, 3);
    await test.place();
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(placed.runId);
    expect(await live(placed)).toEqual({ status: 'assigned', attempt: 1, failures: 0 });
    expect(await live(refused)).toEqual({ status: 'queued', attempt: 1, failures: 1 });
  });

  it('finds runs again whose claim failed, and their slots', async () => {
    const runnable = await test.runnable();
    const refs = [await test.queue(runnable), await test.queue(runnable)];
    test.heard({ maxRunners: 1, slotsPerRunner: 2 });
    await test.runs.database.rows('alter table run_live rename to run_live_away');
    await test.place();
    await test.runs.database.rows('alter table run_live_away rename to run_live');
    await test.place();
    const commands = await test.told('assign', 2);
    expect(commands.map(({ assignment }) => assignment.runId)).toEqual(
      refs.map(({ runId }) => runId).toSorted(),
    );
  });

  it('fails the run whose key cannot be unwrapped, and no neighbour', async () => {
    const [locked, open] = [await test.runnable([], 'bad'), await test.runnable()];
    const lost = await test.queue(locked);
    const placed = await test.queue(open);
    test.heard();
    await test.place();
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(placed.runId);
    await until('the run has failed', async () => (await test.runs.row(lost)).status === 'failed');
    expect(JSON.parse((await test.runs.row(lost)).error ?? '')).toMatchObject({ code: 'internal' });
    expect(test.term.claims.get(lost.runId)).toBeUndefined();
    expect(await live(placed)).toEqual({ status: 'assigned', attempt: 1, failures: 0 });
  });

  it('leaves the runs of an organization without a key in the queue', async () => {
    const [keyless, other] = [await test.runnable(), await test.runnable()];
    await test.runs.database.rows('delete from kek where org_id = $1', [keyless.organizationId]);
    const left = await test.queue(keyless);
    const placed = await test.queue(other);
    test.heard();
    await test.place();
    expect((await test.told('assign')).map(({ assignment }) => assignment.runId)).toEqual([placed.runId]);
    expect(await live(left)).toEqual({ status: 'queued', attempt: 0, failures: 0 });
  });

  it.each(['before it is loaded', 'while it is read'] as const)(
    'keeps its keys and variables where one is changed %s',
    async (when) => {
      const runnable = await test.runnable(['NAME']);
      await test.setVariable(runnable, 'NAME', 'a value');
      await test.queue(runnable);
      test.heard();
      const change = () => {
        part('releases').forgetVariables(runnable.organizationId);
        part('keyring').forget(runnable.organizationId);
      };
      if (when === 'before it is loaded') beforeLoading(async () => change());
      else {
        const store = part('releases')['store'];
        const variables = store.variables.bind(store);
        store.variables = async (keys) => {
          const rows = await variables(keys);
          change();
          return rows;
        };
      }
      await test.place();
      const [command] = await test.told('assign');
      expect(command?.assignment.variables).toEqual({ NAME: 'a value' });
    },
  );

  it('sends an assignment again that its executor never got, as the same attempt', async () => {
    const executorId = playExecutor();
    isDropping = true;
    const ref = await test.assigned(await test.runnable(), executorId);
    isDropping = false;
    const status = test.status({ executorId });
    await test.term['leases'].heard(status);
    expect(test.commands).toEqual([]);
    const claim = test.term.claims.get(ref.runId);
    if (claim) claim.claimedAtMs -= 2_001;
    await test.term['leases'].heard(status);
    const [command] = await test.told('assign');
    expect(command?.assignment).toMatchObject({ runId: ref.runId, attempt: 1 });
    const held = [{ ...ref, attempt: 1 }];
    await test.term['leases'].heard({ ...status, held });
    await test.term['leases'].heard(status);
    expect(test.commands).toHaveLength(1);
  });
});
