import { z } from 'zod';
import { RunError, RunEvent, RunOutput, RunUsage } from '#libs/contracts';
import { DEFAULTS, RUN_STATUSES } from '#libs/domain';
import { Id, PageQuery, pageOf, Timestamp, text } from '#libs/http';

const DAY_SECONDS = 86_400;

export const CreateRun = z
  .strictObject({
    input: z.unknown().optional().meta({ description: "A string or JSON for the flow's main input." }),
    sessionId: text(1, 255)
      .optional()
      .meta({ description: 'The conversation; a fresh one where none is named.' }),
    endUserId: text(1, 255).optional(),
    metadata: z
      .record(text(1, 100), z.union([text(0, 1_000), z.number(), z.boolean()]))
      .refine(
        (value) => Buffer.byteLength(JSON.stringify(value)) <= DEFAULTS.metadataBytes,
        `must not be larger than ${DEFAULTS.metadataBytes} bytes as JSON`,
      )
      .optional()
      .meta({ description: 'At most 16 KiB as JSON.' }),
    ttlSeconds: z
      .number()
      .int()
      .min(1)
      .max(DAY_SECONDS)
      .default(DEFAULTS.queueTtlSeconds)
      .meta({ description: 'How long it may wait to be started.' }),
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(DAY_SECONDS)
      .default(DEFAULTS.runTimeoutSeconds)
      .meta({ description: 'How long it may run.' }),
  })
  .meta({ id: 'CreateRun' });
export type CreateRun = z.output<typeof CreateRun>;

export const Run = z
  .object({
    id: Id,
    deploymentId: Id,
    flowId: Id,
    versionId: Id,
    environmentId: Id,
    status: z.enum(RUN_STATUSES),
    attempt: z.number().int(),
    sessionId: z.string(),
    endUserId: z.string().nullable(),
    input: z.unknown(),
    output: RunOutput.nullable(),
    error: RunError.nullable(),
    usage: RunUsage.nullable(),
    metadata: z.record(z.string(), z.unknown()),
    createdAt: Timestamp,
    startedAt: Timestamp.nullable(),
    finishedAt: Timestamp.nullable(),
    cancelRequestedAt: Timestamp.nullable(),
    expiresAt: Timestamp,
    links: z.object({ self: z.string(), events: z.string() }),
  })
  .meta({ id: 'Run' });
export type Run = z.output<typeof Run>;

export const RunPage = pageOf(Run, 'RunPage');

export const RunQuery = PageQuery.extend({
  deploymentId: Id.optional(),
  sessionId: z.string().max(255).optional(),
  status: z
    .enum([...RUN_STATUSES, 'active'])
    .optional()
    .meta({ description: '`active`: queued, running, waiting and cancelling.' }),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
});
export type RunQuery = z.output<typeof RunQuery>;

export const CreateRunQuery = z.strictObject({
  wait: z.coerce.number().int().min(1).max(DEFAULTS.waitMaxSeconds).optional(),
  projectId: Id.optional(),
});
export type CreateRunQuery = z.output<typeof CreateRunQuery>;

const Seq = z.coerce.number().int().min(0);

export const EventQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(100),
  cursor: Seq.optional(),
  after: Seq.optional().meta({ description: 'Only events behind this one.' }),
});
export type EventQuery = z.output<typeof EventQuery>;

export const EventPage = pageOf(RunEvent, 'RunEventPage');
