import { randomUUIDv7 } from 'node:crypto';
import { wallMs } from './clock.ts';

const PLACES_IN_A_MS = 0x1000;
/** A clock that is set back by less is waited for; one that is set back by more was wrong before. */
const SET_BACK_MS = 1_000;

/** The time of the last id, and its place among those of the same millisecond. */
let lastMs = 0;
let place = 0;

/** A new UUIDv7: ids sort by the time they were made, those of a process in their order, and carry it. */
export function newId(): string {
  const nowMs = wallMs();
  place += 1;
  if (nowMs > lastMs || nowMs < lastMs - SET_BACK_MS) [lastMs, place] = [nowMs, 0];
  else if (place === PLACES_IN_A_MS) [lastMs, place] = [lastMs + 1, 0];
  const time = lastMs.toString(16).padStart(12, '0');
  const within = place.toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${within}${randomUUIDv7().slice(18)}`;
}

/** The milliseconds since the epoch that a UUIDv7 carries. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The day (UTC, `YYYY-MM-DD`) on which a UUIDv7 was made. */
export function dayOfId(id: string): string {
  return new Date(timeOfId(id)).toISOString().slice(0, 10);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}
