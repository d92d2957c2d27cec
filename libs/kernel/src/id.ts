import { randomUUIDv7 } from 'node:crypto';
import { wallMs } from './clock.ts';

/** A new UUIDv7: ids sort by the time they were made, and carry it. */
export function newId(): string {
  const time = wallMs().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${randomUUIDv7().slice(13)}`;
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
