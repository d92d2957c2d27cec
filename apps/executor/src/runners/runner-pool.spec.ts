import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import {
  NO_PROGRAM,
  ScriptedDriver,
  type ScriptedSandbox,
} from '../../../../libs/testing/src/scripted-driver.ts';
import { RunnerPool, type Seat } from './runner-pool.ts';

const RUN = {
  planHash: 'p',
  plan: {},
  frame: { idSeed: 'r', sessionId: 's', variables: {}, completed: [] },
};
const DEAF = { frame: () => undefined, lost: () => undefined };

let pool: RunnerPool | undefined;
afterEach(async () => {
  jest.useRealTimers();
  await pool?.close();
});

function poolOf(maxRunners: number, prewarmed: number) {
  const driver = new ScriptedDriver();
  const failures: string[] = [];
  pool = new RunnerPool({
    driver,
    program: NO_PROGRAM,
    maxRunners,
    prewarmed,
    failedToStart: (reason) => failures.push(reason),
  });
  const made = pool;
  return {
    driver,
    failures,
    pool: made,
    ready: () => {
      for (const sandbox of driver.sandboxes) sandbox.ready();
    },
    killed: () => driver.sandboxes.flatMap((sandbox, index) => (sandbox.isKilled ? [index] : [])),
    /** A seat, or undefined where one has to wait. */
    take: async (organizationId: string, isAlone = false): Promise<Seat | undefined> => {
      const seat = made.take(organizationId, isAlone);
      return Promise.race([
        seat,
        new Promise<undefined>((resolve) => process.nextTick(() => process.nextTick(resolve, undefined))),
      ]);
    },
  };
}

const placeOf = (seat: Seat | undefined) => seat && (seat.runner.sandbox as ScriptedSandbox).pid;

describe('the pool', () => {
  it('starts spare runners ahead, and another when one of them is given away', async () => {
    const { driver, ready, take } = poolOf(4, 2);
    expect(driver.sandboxes).toHaveLength(2);
    ready();
    expect(await take('o1')).toMatchObject({ isWarm: false });
    expect(driver.sandboxes).toHaveLength(3);
  });

  it('lets a run wait until a runner is ready', async () => {
    const { pool, driver } = poolOf(1, 1);
    const waiting = pool.take('o1', false);
    expect(await Promise.race([waiting, 'not yet'])).toBe('not yet');
    driver.sandbox(0).ready();
    expect(placeOf(await waiting)).toBe(0);
  });

  it('puts runs of an organization together, in the fullest runner that has room', async () => {
    const { ready, take } = poolOf(3, 2);
    ready();
    const alone = await take('o1', true);
    const second = await take('o1');
    alone?.runner.leave();
    await take('o1');
    expect([placeOf(alone), placeOf(second)]).toEqual([0, 1]);
    expect(await take('o1')).toMatchObject({ isWarm: true, runner: { load: 3, organizationId: 'o1' } });
  });

  it('never gives a runner to a second organization: it ends the one that is idle longest instead', async () => {
    const { pool, ready, take, killed, driver } = poolOf(2, 0);
    const first = pool.take('o1', false);
    const second = pool.take('o2', false);
    ready();
    (await second).runner.leave();
    await new Promise((resolve) => setTimeout(resolve, 2));
    (await first).runner.leave();
    const third = pool.take('o3', false);
    expect(killed()).toEqual([1]);
    driver.sandbox(1).exit('killed');
    ready();
    expect(placeOf(await third)).toBe(2);
    expect(await take('o1')).toMatchObject({ isWarm: true });
  });

  it('ends no runner that has runs, however many wait', async () => {
    const { ready, take, killed } = poolOf(1, 1);
    ready();
    const seat = await take('o1');
    expect(await take('o2')).toBeUndefined();
    expect(killed()).toEqual([]);
    seat?.runner.leave();
    expect(killed()).toEqual([0]);
  });

  it('fills a runner to its slots and starts another for what is over, one for as many as fit', async () => {
    const { pool, driver, ready } = poolOf(4, 0);
    const seats = Array.from({ length: DEFAULTS.slotsPerRunner + 1 }, () => pool.take('o1', false));
    expect(driver.sandboxes).toHaveLength(2);
    ready();
    const places = (await Promise.all(seats)).map(placeOf);
    expect(places.filter((place) => place === 0)).toHaveLength(DEFAULTS.slotsPerRunner);
    expect(places.at(-1)).toBe(1);
  });

  it('gives a run that is to be alone a runner for itself, until it ends', async () => {
    const { ready, take } = poolOf(2, 2);
    ready();
    const alone = await take('o1', true);
    const beside = await take('o1');
    expect([placeOf(alone), placeOf(beside)]).toEqual([0, 1]);
    expect(await take('o1', true)).toBeUndefined();
    alone?.runner.leave();
    expect(alone?.runner).toMatchObject({ load: 1, isTakenAlone: true });
  });

  it('says how many slots are free by organization', async () => {
    const { pool, ready, take } = poolOf(3, 2);
    ready();
    expect(pool.warmSlots()).toEqual({});
    await take('o1');
    await take('o2', true);
    expect(pool.warmSlots()).toEqual({ o1: DEFAULTS.slotsPerRunner - 1 });
  });

  it('starts a runner in the place of one that died', async () => {
    const { driver, ready, failures } = poolOf(2, 2);
    ready();
    driver.sandbox(0).exit();
    expect(driver.sandboxes).toHaveLength(3);
    expect(failures).toEqual([]);
  });

  it('says when a runner does not start, and waits a second before it tries again', async () => {
    jest.useFakeTimers();
    const { driver, failures } = poolOf(1, 1);
    driver.sandbox(0).exit('it ended with 1');
    expect(failures).toEqual(['it ended with 1']);
    jest.advanceTimersByTime(999);
    expect(driver.sandboxes).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(driver.sandboxes).toHaveLength(2);
  });

  it('ends a runner after its thousandth run, when the last of its runs is over', async () => {
    const { ready, take, killed } = poolOf(1, 1);
    ready();
    for (let count = 1; count < DEFAULTS.runnerRecycleRuns; count += 1) {
      const runner = (await take('o1'))?.runner;
      runner?.release(runner.start(RUN, DEAF));
    }
    const slow = (await take('o1'))?.runner;
    const number = slow?.start(RUN, DEAF) ?? 0;
    expect(killed()).toEqual([]);
    slow?.release(number);
    expect(killed()).toEqual([0]);
  });

  it('ends a runner that nobody used for ten minutes, and no spare one', async () => {
    jest.useFakeTimers();
    const { pool, ready, killed } = poolOf(2, 1);
    ready();
    const seat = await pool.take('o1', false);
    ready();
    seat.runner.leave();
    jest.advanceTimersByTime(DEFAULTS.runnerRecycleIdleMs);
    expect(killed()).toEqual([]);
    jest.advanceTimersByTime(10_000);
    expect(killed()).toEqual([0]);
  });

  it('stops listening to all runners, and listens again', () => {
    const { pool, driver } = poolOf(2, 2);
    pool.pause();
    expect(driver.sandboxes.map((sandbox) => sandbox.isPaused)).toEqual([true, true]);
    pool.resume();
    expect(driver.sandboxes.map((sandbox) => sandbox.isPaused)).toEqual([false, false]);
  });

  it('ends all runners when it closes, starts none after that, and ends what its driver runs', async () => {
    const { pool, driver, killed } = poolOf(2, 2);
    await pool.close();
    driver.sandbox(0).exit();
    expect(killed()).toEqual([0, 1]);
    expect(driver.sandboxes).toHaveLength(2);
    expect(driver.isClosed).toBe(true);
  });
});
