import { z } from 'zod';
import { contract } from './contract.ts';
import { TOPICS } from './topics.ts';

/** A hint to the conductor that a run wants its attention, with all that the queue needs. */
export const RunTouched = contract({
  topic: TOPICS.runTouched,
  type: 'run.touched',
  key: (data) => data.runId,
  run: (data) => data.runId,
  data: z.object({
    runId: z.string(),
    projectId: z.string(),
    deploymentId: z.string(),
    what: z.enum(['requested', 'cancel']),
  }),
});

export type RunTouchedData = ReturnType<typeof RunTouched.decode>['data'];
