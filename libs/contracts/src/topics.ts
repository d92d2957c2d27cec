/** All topics. Those that are hints may be lost; those that are facts are read from the beginning by a shared group. */
export const TOPICS = {
  runTouched: 'hg.run.touched.v1',
  executorCommand: 'hg.executor.command.v1',
  executorStatus: 'hg.executor.status.v1',
  runEvent: 'hg.run.event.v1',
  runSpan: 'hg.run.span.v1',
  runProgress: 'hg.run.progress.v1',
  controlChanged: 'hg.control.changed.v1',
  dead: 'hg.dead.v1',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** One order of all executors' words and of the conductor's probe: while one is held up, so is the other. */
export const STATUS_PARTITION = 0;
