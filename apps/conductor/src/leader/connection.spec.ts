import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setWall, wallMs } from '#libs/kernel';
import { SqlDatabase, until } from '#libs/testing';
import { connect, cut } from './connection.ts';

const EACH_MS = 60_000;
const NEAR_MS = 2_000;

describe('the connection of one who stands for election', () => {
  let database: SqlDatabase;
  beforeAll(async () => {
    database = await SqlDatabase.create();
  });
  afterAll(() => database.dispose());
  afterEach(() => {
    jest.useRealTimers();
    setWall();
  });

  it('has the process go by the clock of the database for as long as it lasts', async () => {
    jest.useFakeTimers({
      doNotFake: [
        'Date',
        'hrtime',
        'nextTick',
        'performance',
        'queueMicrotask',
        'setImmediate',
        'setTimeout',
      ],
    });
    const { client, ended } = await connect(database.url('hg_conductor'), true);
    // as after a machine's sleep, in which the clock that only grows stood still
    setWall(0);
    await until('it is right again', () => {
      jest.advanceTimersByTime(EACH_MS);
      return Math.abs(wallMs() - Date.now()) < NEAR_MS;
    });
    cut(client);
    await ended;
    expect(jest.getTimerCount()).toBe(0);
  });
});
