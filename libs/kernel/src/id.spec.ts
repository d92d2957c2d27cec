import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setWall } from './clock.ts';
import { dayOfId, isUuid, newId, timeOfId } from './id.ts';

/** The example of RFC 9562 for version 7. */
const EXAMPLE = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';

describe('an id', () => {
  afterEach(() => setWall());

  it('is a UUIDv7 of the moment at which it was made', () => {
    const before = Date.now();
    const id = newId();
    const after = Date.now();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(timeOfId(id)).toBeGreaterThanOrEqual(before);
    expect(timeOfId(id)).toBeLessThanOrEqual(after);
  });

  it('sorts behind those that were made before it', async () => {
    const ids = [newId()];
    for (let count = 0; count < 5; count += 1) {
      await sleep(2);
      ids.push(newId());
    }
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(6);
  });

  it('sorts behind them within a millisecond too, however many there are, and where the clock is set back a little', () => {
    const ids = Array.from({ length: 10_000 }, newId);
    setWall(timeOfId(newId()) - 500);
    ids.push(newId(), newId());
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id[14]).toBe('7');
  });

  it('goes by a clock that was an hour ahead, once it is right', () => {
    const rightMs = Date.now();
    setWall(rightMs + 3_600_000);
    newId();
    setWall(rightMs);
    expect(timeOfId(newId()) - rightMs).toBeLessThan(1_000);
  });

  it('carries its time and day, whatever case it is written in', () => {
    expect(timeOfId(EXAMPLE)).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
    expect(dayOfId(EXAMPLE)).toBe('2022-02-22');
    expect(dayOfId(EXAMPLE.toUpperCase())).toBe('2022-02-22');
  });

  it('belongs to the day in UTC', () => {
    const last = (Date.UTC(2026, 10, 21) - 1).toString(16).padStart(12, '0');
    const first = Date.UTC(2026, 10, 21).toString(16).padStart(12, '0');
    const idAt = (hex: string) => `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
    expect([dayOfId(idAt(last)), dayOfId(idAt(first))]).toEqual(['2026-11-20', '2026-11-21']);
  });
});

describe('the form of a UUID', () => {
  it.each([
    [EXAMPLE, true],
    [EXAMPLE.toUpperCase(), true],
    ['', false],
    [`${EXAMPLE}0`, false],
    [` ${EXAMPLE}`, false],
    [`${EXAMPLE}\n`, false],
    [EXAMPLE.replaceAll('-', ''), false],
    [EXAMPLE.replace('0', 'g'), false],
  ])('%j: %p', (text, isOne) => {
    expect(isUuid(text)).toBe(isOne);
  });
});
