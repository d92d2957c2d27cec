/** Time, so that a test can bend it. No lease is decided by it. */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date(wallMs());
  }
}

/** What somebody's clock showed, and when by ours that only grows. */
let shown: { wallMs: number; atMs: number } | undefined;

/** Milliseconds since the epoch: by the clock that was last set, which all processes share; until then by the machine's. */
export function wallMs(): number {
  return shown ? Math.round(shown.wallMs + performance.now() - shown.atMs) : Date.now();
}

/** Gives nothing: back to the machine's. */
export function setWall(wallMs?: number): void {
  shown = wallMs === undefined ? undefined : { wallMs, atMs: performance.now() };
}
