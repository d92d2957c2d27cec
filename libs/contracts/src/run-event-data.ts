import { z } from 'zod';
import { DEFAULTS, type RunEventType } from '#libs/domain';

/** Names that reach columns: what they cannot hold is refused before it comes to a batch of many runs. */
const name = z
  .string()
  .max(DEFAULTS.nameLength)
  .refine((value) => !value.includes('\u0000'), 'must hold no NUL');
export const nodeId = name;
export const iteration = z.int32().min(0);
const messageId = z.uuid();
const count = z.number().int().min(0);
/** What a model says, which may be the tenant's own: the sum of many calls is still a number that counts. */
const tokensOfCall = count.max(1e9);
const json = z.unknown();

/** Stands beside an absent value that was too large for the log, and names it. */
const BlobReference = z
  .object({ hash: z.string(), size: z.number().int().min(0) })
  .meta({ id: 'BlobReference' });

export const RunUsage = z
  .object({
    inputTokens: count,
    outputTokens: count,
    totalTokens: count,
    computeMs: count,
    queueMs: count,
    attempts: count,
  })
  .meta({ id: 'RunUsage' });
export type RunUsage = z.output<typeof RunUsage>;

export const RunOutput = z
  .object({
    text: z.string().nullable(),
    source: z.string().nullable().meta({ description: 'The node that the text comes from.' }),
    reason: z.enum(['single', 'multiple', 'none', 'non_string', 'failed']),
    outputs: z.record(
      z.string(),
      z.object({ type: z.string(), displayName: z.string(), content: json, blob: BlobReference.optional() }),
    ),
  })
  .meta({ id: 'RunOutput' });
export type RunOutput = z.output<typeof RunOutput>;

/** A problem document, as a run's or a node's error. */
export const RunError = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    node: z.string().optional(),
    component: z.string().optional(),
  })
  .meta({ id: 'RunError' });
export type RunError = z.output<typeof RunError>;

const ended = z.object({ error: RunError, usage: RunUsage });

/** What each type of event carries. */
export const RUN_EVENT_DATA = {
  'run.queued': z.object({ deploymentId: z.string(), versionId: z.string(), sessionId: z.string() }),
  'run.started': z.object({
    contentHash: z.string(),
    engine: z.string(),
    executorId: z.string(),
    warm: z.boolean(),
  }),
  'node.started': z.object({ nodeId, component: name, iteration }),
  'node.skipped': z.object({ nodeId, component: name, iteration }),
  'node.completed': z.object({
    nodeId,
    iteration,
    outputs: z.record(z.string(), json),
    blobs: z.record(z.string(), BlobReference).optional(),
    durationMs: z.number().min(0),
    resumed: z.boolean(),
  }),
  'node.failed': z.object({ nodeId, iteration, error: RunError }),
  'message.added': z.object({
    messageId,
    nodeId,
    role: z.enum(['user', 'assistant', 'system', 'tool']),
    text: z.string(),
    state: z.enum(['partial', 'complete']),
    files: z.array(json),
    blob: BlobReference.optional(),
  }),
  'message.delta': z.object({ messageId, nodeId, text: z.string() }),
  output: z.object({
    nodeId,
    type: z.string(),
    displayName: z.string(),
    content: json,
    blob: BlobReference.optional(),
  }),
  log: z.object({ nodeId, level: z.enum(['debug', 'info', 'warning', 'error']), text: z.string() }),
  usage: z.object({
    nodeId,
    iteration,
    call: z.int32().min(0),
    model: name,
    inputTokens: tokensOfCall,
    outputTokens: tokensOfCall,
  }),
  'egress.refused': z.object({ host: z.string(), reason: z.string(), count }),
  'run.retried': z.object({ failedAttempt: count, reason: z.string() }),
  'run.cancel_requested': z.object({ by: z.string() }),
  'run.succeeded': z.object({ output: RunOutput, usage: RunUsage }),
  'run.failed': ended,
  'run.timed_out': ended,
  'run.cancelled': z.object({ confirmed: z.boolean(), usage: RunUsage }),
} as const satisfies Record<RunEventType, z.ZodType>;

export type RunEventData<Type extends RunEventType> = z.output<(typeof RUN_EVENT_DATA)[Type]>;
