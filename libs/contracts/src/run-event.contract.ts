import { z } from 'zod';
import { RUN_EVENT_TYPES } from '#libs/domain';
import { contract } from './contract.ts';
import { iteration, nodeId } from './run-event-data.ts';
import { TOPICS } from './topics.ts';

/** A large value that the executor has uploaded: its number in the attempt's staging, and what it must be. */
export const StagedBlob = z.object({
  i: z.number().int().min(0),
  hash: z.string(),
  size: z.number().int().min(0),
});
export type StagedBlob = z.output<typeof StagedBlob>;

/** A node's state for the next attempt, ciphertext everywhere but in executors: inline, or uploaded where it is large. */
const ReportedCheckpoint = z.object({
  nodeId,
  iteration,
  sealed: z.base64().optional(),
  staged: StagedBlob.optional(),
});

export const ReportedEvent = z.object({
  /** Counts the events of this attempt from 1, without a gap. */
  n: z.number().int().min(1),
  type: z.enum(RUN_EVENT_TYPES),
  /** Since the executor took the attempt, so that no wall clock matters. */
  elapsedMs: z.number().int().min(0),
  /** JSON text, as the log will hold it. */
  data: z.string(),
  /** The large values that `data` refers to. */
  staged: z.array(StagedBlob).optional(),
  checkpoint: ReportedCheckpoint.optional(),
});
export type ReportedEvent = z.output<typeof ReportedEvent>;

/** A fact from an executor: consecutive events of one attempt. */
export const RunEvents = contract({
  topic: TOPICS.runEvent,
  type: 'run.event',
  key: (data) => data.runId,
  run: (data) => data.runId,
  data: z.object({
    runId: z.uuid(),
    attempt: z.number().int().min(1),
    executorId: z.uuid(),
    runToken: z.string(),
    events: z.array(ReportedEvent).min(1),
  }),
});
export type RunEventsData = ReturnType<typeof RunEvents.decode>['data'];
