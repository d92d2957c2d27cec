import { z } from 'zod';
import { RUN_EVENT_TYPES } from '#libs/domain';
import { contract } from './contract.ts';
import { TOPICS } from './topics.ts';

/** An event as the log holds it and a client sees it. */
export const RunEvent = z
  .object({
    seq: z.number().int(),
    attempt: z.number().int(),
    type: z.enum(RUN_EVENT_TYPES),
    at: z.string(),
    data: z.unknown(),
  })
  .meta({ id: 'RunEvent' });
export type RunEvent = z.output<typeof RunEvent>;

/** A hint that something of a run has been committed. */
export const RunProgress = contract({
  topic: TOPICS.runProgress,
  type: 'run.progress',
  key: (data) => data.runId,
  run: (data) => data.runId,
  data: z.object({
    runId: z.string(),
    attempt: z.number().int(),
    lastSeq: z.number().int(),
    /** The events as JSON text, ready to be sent on; none where they are large. */
    events: z.array(z.object({ seq: z.number().int(), type: z.enum(RUN_EVENT_TYPES), text: z.string() })),
  }),
});
export type RunProgressData = ReturnType<typeof RunProgress.decode>['data'];

/**
 * In the `moved` header, for the conductor, who drops other progress before decoding. `ended`: a terminal event is in the
 * log. `fenced`: events of an attempt were refused.
 */
export const PROGRESS_MOVED = { ended: 'ended', fenced: 'fenced' } as const;
