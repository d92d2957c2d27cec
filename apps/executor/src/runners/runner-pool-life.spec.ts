import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { ScriptedPool } from '../../../../libs/testing/src/scripted-pool.ts';

const RUN = {
  planHash: 'p',
  plan: {},
  frame: { idSeed: 'r', sessionId: 's', variables: {}, completed: [] },
};
const DEAF = { frame: () => undefined, lost: () => undefined };

let current: ScriptedPool | undefined;
afterEach(async () => {
  jest.useRealTimers();
  await current?.pool.close();
});

function poolOf(maxRunners: number, prewarmed: number): ScriptedPool {
  current = new ScriptedPool(maxRunners, prewarmed);
  return current;
}

describe('a runner of the pool', () => {
  it('starts a runner in the place of one that died', async () => {
    const scripted = poolOf(2, 2);
    scripted.ready();
    scripted.driver.sandbox(0).exit();
    expect(scripted.driver.sandboxes).toHaveLength(3);
    expect(scripted.failures).toEqual([]);
  });

  it('says when a runner does not start, and waits a second before it tries again', async () => {
    jest.useFakeTimers();
    const scripted = poolOf(1, 1);
    scripted.driver.sandbox(0).exit('it ended with 1');
    expect(scripted.failures).toEqual(['it ended with 1']);
    jest.advanceTimersByTime(999);
    expect(scripted.driver.sandboxes).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(scripted.driver.sandboxes).toHaveLength(2);
  });

  it('gives a runner no run after its thousandth, and ends it when the last is over', async () => {
    const scripted = poolOf(1, 1);
    scripted.ready();
    const slow = (await scripted.take('o1'))?.runner;
    const number = slow?.start(RUN, DEAF) ?? 0;
    for (let count = 2; count <= DEFAULTS.runnerRecycleRuns; count += 1) {
      const runner = (await scripted.take('o1'))?.runner;
      runner?.release(runner.start(RUN, DEAF));
    }
    expect(await scripted.take('o1')).toBeUndefined();
    expect(scripted.killed()).toEqual([]);
    slow?.release(number);
    expect(scripted.killed()).toEqual([0]);
  });

  it('ends a runner that nobody used for ten minutes, and no spare one', async () => {
    jest.useFakeTimers();
    const scripted = poolOf(2, 1);
    scripted.ready();
    const seat = await scripted.pool.take('o1', false);
    scripted.ready();
    seat.runner.leave();
    jest.advanceTimersByTime(DEFAULTS.runnerRecycleIdleMs);
    expect(scripted.killed()).toEqual([]);
    jest.advanceTimersByTime(10_000);
    expect(scripted.killed()).toEqual([0]);
  });

  it('stops listening to all runners, and listens again', () => {
    const scripted = poolOf(2, 2);
    scripted.pool.pause();
    expect(scripted.driver.sandboxes.map((sandbox) => sandbox.isPaused)).toEqual([true, true]);
    scripted.pool.resume();
    expect(scripted.driver.sandboxes.map((sandbox) => sandbox.isPaused)).toEqual([false, false]);
  });

  it('ends all runners when it closes, starts none after that, and ends what its driver runs', async () => {
    const scripted = poolOf(3, 2);
    await scripted.pool.close();
    scripted.driver.sandbox(0).exit();
    void scripted.pool.take('o1', false);
    expect(scripted.killed()).toEqual([0, 1]);
    expect(scripted.driver.sandboxes).toHaveLength(2);
    expect(scripted.driver.isClosed).toBe(true);
  });
});
