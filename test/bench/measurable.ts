import type { Counters } from './counted.ts';
import type { Target } from './load.ts';

/** An installation that the bench calls and looks into. */
export interface Measurable {
  /** The processes below which all others of it stand, by what they are. */
  readonly parts: Readonly<Record<string, readonly number[]>>;
  echo(): Promise<Target>;
  counters(): Promise<Counters>;
}
