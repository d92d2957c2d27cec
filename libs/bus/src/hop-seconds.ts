import { Histogram } from '#libs/telemetry';

/** How old messages are when they begin to be handled, over all readers of this process. */
export const HOP_SECONDS = new Histogram(
  'headgate_hop_seconds',
  'Age of a message when it is handled, by the clock of the bus and ours.',
  'topic',
  [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
);
