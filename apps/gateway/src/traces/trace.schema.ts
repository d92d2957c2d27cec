import { z } from 'zod';
import { RUN_STATUSES, SPAN_KINDS, SPAN_STATUSES } from '#libs/domain';
import { Id } from '#libs/http';

const Ms = z.number();

const TraceSpan = z
  .object({
    id: z.string().meta({ description: 'The same in what is sent to a telemetry backend.' }),
    parentId: z.string().nullable(),
    attempt: z.number().int(),
    kind: z.enum(SPAN_KINDS),
    name: z.string(),
    startedMs: Ms.meta({ description: "Since the run's acceptance." }),
    durationMs: Ms,
    status: z.enum(SPAN_STATUSES),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'TraceSpan' });
export type TraceSpan = z.output<typeof TraceSpan>;

/** Bounded and not paged: an attempt keeps only so many spans, and the newest attempts are shown. */
export const RunTrace = z
  .object({
    runId: Id,
    traceId: z.string(),
    status: z.enum(RUN_STATUSES),
    attempt: z.number().int(),
    queueMs: Ms.nullable().meta({
      description: 'From acceptance to the claim of the newest attempt that is shown.',
    }),
    placementMs: Ms.nullable().meta({ description: 'From that claim until its executor had it.' }),
    coldStartMs: Ms.nullable().meta({ description: 'From then until a runner had it.' }),
    nodeMs: Ms.meta({
      description: 'Of all nodes that are shown, added up; so are those of models and tools.',
    }),
    modelMs: Ms,
    toolMs: Ms,
    droppedSpans: z
      .number()
      .int()
      .meta({ description: 'How many spans of these attempts were left out: too many, or too large.' }),
    omittedAttempts: z.number().int().meta({ description: 'How many earlier attempts are not shown.' }),
    data: z.array(TraceSpan),
  })
  .meta({ id: 'RunTrace' });
export type RunTrace = z.output<typeof RunTrace>;
