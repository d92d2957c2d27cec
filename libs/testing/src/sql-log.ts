import { isTerminalEvent, type RunEventType } from '#libs/domain';

export interface LogRow {
  seq: number;
  attempt: number;
  n: number | null;
  type: RunEventType;
  at: Date;
  /** JSON text. */
  data: string;
}

/** What a run's log breaks of its promises, one sentence each. */
export function logFaults(log: readonly LogRow[]): string[] {
  const faults: string[] = [];
  const lastN = new Map<number, number>();
  let attempt = 0;
  let hasEnded = false;
  log.forEach((row, index) => {
    const name = `${row.type} at ${row.seq}`;
    if (row.seq !== index + 1) faults.push(`${name}: its seq should be ${index + 1}`);
    if (hasEnded) faults.push(`${name}: it follows the end`);
    hasEnded ||= isTerminalEvent(row.type);
    if (row.attempt < attempt) faults.push(`${name}: it is of an earlier attempt than the one before`);
    attempt = Math.max(attempt, row.attempt);
    if (row.n === null) return;
    const expected = (lastN.get(row.attempt) ?? 0) + 1;
    if (row.n !== expected) faults.push(`${name}: its n is ${row.n} and should be ${expected}`);
    lastN.set(row.attempt, row.n);
  });
  return faults;
}
