import { afterEach, describe, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { placeOf, ScriptedPool } from '../../../../libs/testing/src/scripted-pool.ts';

let current: ScriptedPool | undefined;
afterEach(async () => {
  await current?.pool.close();
});

function poolOf(maxRunners: number, prewarmed: number): ScriptedPool {
  current = new ScriptedPool(maxRunners, prewarmed);
  return current;
}

describe('the pool', () => {
  it('starts spare runners ahead, and another when one of them is given away', async () => {
    const scripted = poolOf(4, 2);
    expect(scripted.driver.sandboxes).toHaveLength(2);
    scripted.ready();
    expect(await scripted.take('o1')).toMatchObject({ isWarm: false });
    expect(scripted.driver.sandboxes).toHaveLength(3);
  });

  it('keeps a runner spare in the place of one that is idle', async () => {
    const scripted = poolOf(2, 1);
    scripted.ready();
    const idle = await scripted.take('o1');
    scripted.ready();
    idle?.runner.leave();
    expect(scripted.killed()).toEqual([]);
    expect(placeOf(await scripted.take('o2'))).toBe(1);
    expect(scripted.killed()).toEqual([0]);
  });

  it('lets a run wait until a runner is ready', async () => {
    const scripted = poolOf(1, 1);
    const waiting = scripted.pool.take('o1', false);
    expect(await Promise.race([waiting, 'not yet'])).toBe('not yet');
    scripted.driver.sandbox(0).ready();
    expect(placeOf(await waiting)).toBe(0);
  });

  it('puts runs of an organization together, in the fullest runner that has room', async () => {
    const scripted = poolOf(3, 2);
    scripted.ready();
    const alone = await scripted.take('o1', true);
    const second = await scripted.take('o1');
    expect([placeOf(alone), placeOf(second)]).toEqual([0, 1]);
    alone?.runner.leave();
    const third = await scripted.take('o1');
    expect(third).toMatchObject({ isWarm: true, runner: second?.runner });
    second?.runner.leave();
    third?.runner.leave();
    expect([placeOf(await scripted.take('o1')), placeOf(await scripted.take('o1'))]).toEqual([0, 0]);
  });

  it('never gives a runner to a second organization: it ends the one that is idle longest instead', async () => {
    const scripted = poolOf(2, 0);
    const first = scripted.pool.take('o1', false);
    const second = scripted.pool.take('o2', false);
    scripted.ready();
    (await second).runner.leave();
    await new Promise((resolve) => setTimeout(resolve, 2));
    (await first).runner.leave();
    const third = scripted.pool.take('o3', false);
    expect(scripted.killed()).toEqual([1]);
    scripted.driver.sandbox(1).exit('killed');
    scripted.ready();
    expect(placeOf(await third)).toBe(2);
    expect(await scripted.take('o1')).toMatchObject({ isWarm: true });
  });

  it('ends one idle runner for those who can share the next one', async () => {
    const scripted = poolOf(2, 0);
    const seats = [scripted.pool.take('o1', false), scripted.pool.take('o2', false)];
    scripted.ready();
    for (const seat of seats) (await seat).runner.leave();
    const waiting = [scripted.pool.take('o3', false), scripted.pool.take('o3', false)];
    expect(scripted.killed()).toHaveLength(1);
    waiting.push(scripted.pool.take('o4', false));
    expect(scripted.killed()).toHaveLength(2);
  });

  it('ends no runner that has runs, however many wait', async () => {
    const scripted = poolOf(1, 1);
    scripted.ready();
    const seat = await scripted.take('o1');
    expect(await scripted.take('o2')).toBeUndefined();
    expect(scripted.killed()).toEqual([]);
    seat?.runner.leave();
    expect(scripted.killed()).toEqual([0]);
  });

  it('fills a runner to its slots and starts another for what is over, one for as many as fit', async () => {
    const scripted = poolOf(4, 0);
    const seats = Array.from({ length: DEFAULTS.slotsPerRunner + 1 }, () => scripted.pool.take('o1', false));
    expect(scripted.driver.sandboxes).toHaveLength(2);
    scripted.ready();
    const places = (await Promise.all(seats)).map(placeOf);
    expect(places.filter((place) => place === 0)).toHaveLength(DEFAULTS.slotsPerRunner);
    expect(places.at(-1)).toBe(1);
  });

  it('gives a run that is to be alone a runner for itself, until it ends', async () => {
    const scripted = poolOf(2, 2);
    scripted.ready();
    const alone = await scripted.take('o1', true);
    const beside = await scripted.take('o1');
    expect([placeOf(alone), placeOf(beside)]).toEqual([0, 1]);
    expect(await scripted.take('o1', true)).toBeUndefined();
    alone?.runner.leave();
    expect(alone?.runner).toMatchObject({ load: 1, isTakenAlone: true });
  });

  it('says how many slots are free by organization', async () => {
    const scripted = poolOf(3, 2);
    scripted.ready();
    expect(scripted.pool.warmSlots()).toEqual({});
    await scripted.take('o1');
    await scripted.take('o2', true);
    expect(scripted.pool.warmSlots()).toEqual({ o1: DEFAULTS.slotsPerRunner - 1 });
  });
});
