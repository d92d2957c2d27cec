import { z } from 'zod';
import { DEFAULTS, SPAN_KINDS, SPAN_STATUSES } from '#libs/domain';
import { contract } from './contract.ts';
import { TOPICS } from './topics.ts';

/** Of a span's names and of each text in its attributes, in characters. */
export const SPAN_TEXT_LENGTH = 2 * DEFAULTS.nameLength;

/** The number of the span that is the attempt itself. */
export const ROOT_SPAN = 0;

const text = z.string().max(SPAN_TEXT_LENGTH);
const ms = z.number().min(0);
const number = z.int32().min(0);

/** A piece of an attempt's time. Both times are measured by clocks that only grow. */
export const RunSpan = z.object({
  /** Its place among the spans of the attempt. */
  number,
  parent: number.optional(),
  kind: z.enum(SPAN_KINDS),
  name: text,
  /** Since the executor took the attempt. */
  startedMs: ms,
  durationMs: ms,
  status: z.enum(SPAN_STATUSES),
  attributes: z.record(text, z.union([text, z.number(), z.boolean()])),
});
export type RunSpan = z.output<typeof RunSpan>;

/** Spans of one attempt, redacted. May be lost, and nothing is decided by them. */
export const RunSpans = contract({
  topic: TOPICS.runSpan,
  type: 'run.span',
  key: (data) => data.runId,
  data: z.object({
    runId: z.uuid(),
    attempt: z.int32().min(1),
    executorId: z.uuid(),
    runToken: z.string(),
    /** Counts the messages of the attempt: one that comes twice is the same. */
    part: number.max(DEFAULTS.attemptSpans),
    /** From the run's acceptance to the attempt's claim, by the clock of the database. */
    queueMs: ms,
    /** From the claim to the executor's taking of the attempt. */
    placementMs: ms,
    /** How many spans of the attempt were left out until now. */
    dropped: number,
    spans: z
      .array(RunSpan)
      .min(1)
      .max(DEFAULTS.attemptSpans + 1),
  }),
});
