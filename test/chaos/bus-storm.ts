import type { EmbeddedBusOptions } from '#libs/bus';
import { TOPICS, type Topic } from '#libs/contracts';

type Fault = NonNullable<EmbeddedBusOptions['fault']>;

interface Odds {
  duplicate: number;
  delay: number;
  drop: number;
}

const ODDS: Record<Topic, Odds> = {
  [TOPICS.runTouched]: { duplicate: 0.1, delay: 0.1, drop: 0.05 },
  [TOPICS.runProgress]: { duplicate: 0.1, delay: 0.1, drop: 0.05 },
  [TOPICS.controlChanged]: { duplicate: 0.1, delay: 0.1, drop: 0.05 },
  [TOPICS.executorCommand]: { duplicate: 0.1, delay: 0.1, drop: 0.02 },
  [TOPICS.executorStatus]: { duplicate: 0.1, delay: 0.1, drop: 0.1 },
  [TOPICS.runEvent]: { duplicate: 0.1, delay: 0.1, drop: 0.005 },
  [TOPICS.runSpan]: { duplicate: 0.1, delay: 0.1, drop: 0.05 },
  [TOPICS.dead]: { duplicate: 0, delay: 0, drop: 0 },
};
const MAX_DELAY_MS = 40;

/** A bus that loses, repeats and holds up messages of every kind. */
export function busStorm(random: () => number): Fault {
  return ({ topic }) => {
    const odds = ODDS[topic as Topic];
    const isDropped = random() < odds.drop;
    const copies = isDropped ? 0 : random() < odds.duplicate ? 2 : 1;
    return { copies, delayMs: random() < odds.delay ? random() * MAX_DELAY_MS : 0 };
  };
}
