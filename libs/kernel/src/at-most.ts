import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work, and no longer than this; the work goes on. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep(ms, undefined, { ref: false })]);
}
