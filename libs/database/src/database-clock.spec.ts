import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setWall, wallMs } from '#libs/kernel';
import { SqlDatabase } from '#libs/testing';
import { followClock, readClock } from './database-clock.ts';

const NEAR_MS = 2_000;
const SOME_DAY = Date.UTC(2031, 4, 5);

describe('the clock of a process that has a database', () => {
  let database: SqlDatabase;
  beforeAll(async () => {
    database = await SqlDatabase.create();
  });
  afterAll(() => database.dispose());
  afterEach(() => {
    jest.useRealTimers();
    setWall();
  });

  it('is the database’s', async () => {
    setWall(SOME_DAY);
    await readClock(database.pool('hg_recorder'));
    expect(Math.abs(wallMs() - Date.now())).toBeLessThan(NEAR_MS);
  });

  it('is not set by an answer that took long, unless it is the first', async () => {
    jest.useFakeTimers();
    const late = {
      query: async () => {
        jest.advanceTimersByTime(300);
        return { rows: [{ ms: SOME_DAY }] };
      },
    };
    setWall(0);
    await readClock(late, false);
    expect(wallMs()).toBe(300);
    await readClock(late);
    expect(wallMs()).toBe(SOME_DAY + 150);
  });

  it('is set each minute until that is ended, and goes on while the database is away', async () => {
    jest.useFakeTimers();
    let ms: number | undefined = SOME_DAY;
    const query = async () => {
      if (ms === undefined) throw new Error('away');
      return { rows: [{ ms }] };
    };
    const end = await followClock({ query });
    expect(wallMs()).toBe(SOME_DAY);
    ms = undefined;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(wallMs()).toBe(SOME_DAY + 60_000);
    ms = 0;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(wallMs()).toBe(0);
    end();
    ms = SOME_DAY;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(wallMs()).toBe(60_000);
  });
});
