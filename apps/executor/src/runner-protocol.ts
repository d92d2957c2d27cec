import { z } from 'zod';
import { DEFAULTS, SPAN_STATUSES } from '#libs/domain';

/** The frames between supervisor and runner. A runner knows its runs by a number and nothing of where they come from. */
const run = z.number().int().min(0);
const request = z.number().int().min(0);
/** An id or name of the plan, or a code: nothing that a runner makes up at length. */
const name = z
  .string()
  .max(DEFAULTS.nameLength)
  .refine((value) => value.isWellFormed(), 'must be well-formed');
const outputs = z.record(z.string(), z.json());

export const StartFrame = z.object({
  kind: z.literal('start'),
  run,
  planHash: z.string(),
  /** Left out where this runner has been given it before. */
  plan: z.unknown().optional(),
  idSeed: z.string(),
  sessionId: z.string(),
  input: z.json().optional(),
  /** Values, and stand-ins for secrets. */
  variables: z.record(z.string(), z.string()),
  completed: z.array(z.object({ nodeId: z.string(), outputs })),
});
export type StartFrame = z.output<typeof StartFrame>;

/** Supervisor → runner. */
export const ToRunner = z.discriminatedUnion('kind', [
  StartFrame,
  z.object({ kind: z.literal('cancel'), run }),
  z.object({
    kind: z.literal('response'),
    run,
    request,
    part: z.discriminatedUnion('is', [
      z.object({
        is: z.literal('head'),
        status: z.number().int(),
        headers: z.array(z.tuple([z.string(), z.string()])),
      }),
      z.object({ is: z.literal('chunk'), base64: z.string() }),
      z.object({ is: z.literal('end') }),
      z.object({ is: z.literal('error'), message: z.string() }),
    ]),
  }),
]);
export type ToRunner = z.output<typeof ToRunner>;
export type ResponsePart = Extract<ToRunner, { kind: 'response' }>['part'];

/** What a runner may report of its own; the rest of a run's events is the supervisor's to say. */
const RUNNER_EVENTS = [
  'node.started',
  'node.skipped',
  'message.added',
  'message.delta',
  'output',
  'log',
  'usage',
] as const;

/** Doubled it still fits into 32 bits. */
const MAX_SPAN_NUMBER = 2 ** 30 - 1;

/** Of a span, by the runner's clock: since it was told to start the run. */
const ms = z.number().min(0);
const spanNumber = z.int().min(1).max(MAX_SPAN_NUMBER);
// what a component says of a call is shown where it can be; it ends no run
const shownText = name.optional().catch(undefined);
const shownCount = z.int().min(0).optional().catch(undefined);

const SpanFrame = z.object({
  number: spanNumber,
  parent: spanNumber.optional(),
  kind: z.enum(['node', 'model', 'tool']),
  nodeId: name,
  iteration: z.int32().min(0),
  startedMs: ms,
  durationMs: ms,
  status: z.enum(SPAN_STATUSES),
  attributes: z.object({
    'gen_ai.operation.name': shownText,
    'gen_ai.provider.name': shownText,
    'gen_ai.request.model': shownText,
    'gen_ai.tool.name': shownText,
    'gen_ai.usage.input_tokens': shownCount,
    'gen_ai.usage.output_tokens': shownCount,
  }),
});
export type RunnerSpan = z.output<typeof SpanFrame>;

const HttpRequest = z.object({
  nodeId: name,
  method: z.string().max(20),
  url: z.string().max(8_192),
  headers: z.array(z.tuple([z.string(), z.string()])).max(200),
  base64: z.string().optional(),
  /** The span that it is a part of, and when it was made. */
  under: spanNumber.optional(),
  startedMs: ms.optional(),
});
export type HttpRequest = z.output<typeof HttpRequest>;

/** Runner → supervisor. */
export const FromRunner = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('event'), run, type: z.enum(RUNNER_EVENTS), data: z.unknown() }),
  z.object({
    kind: z.literal('checkpoint'),
    run,
    nodeId: name,
    iteration: z.int32().min(0),
    outputs: z.record(z.string(), z.unknown()),
    durationMs: z.number().min(0),
    resumed: z.boolean(),
  }),
  z.object({ kind: z.literal('span'), run, span: SpanFrame }),
  z.object({ kind: z.literal('http'), run, request, open: HttpRequest.optional() }),
  z.object({
    kind: z.literal('done'),
    run,
    result: z.discriminatedUnion('is', [
      z.object({ is: z.literal('succeeded'), output: z.unknown() }),
      z.object({
        is: z.literal('failed'),
        code: name,
        detail: z.string().transform(excerpt),
        node: name.optional(),
        component: name.optional(),
        iteration: z.int32().min(0).optional(),
      }),
      z.object({ is: z.literal('cancelled') }),
    ]),
  }),
]);
export type FromRunner = z.output<typeof FromRunner>;
export type RunnerResult = Extract<FromRunner, { kind: 'done' }>['result'];

/** What stands for a secret wherever its value may not be. */
export function secretStandIn(name: string): string {
  return `{{secret:${name}}}`;
}

const MAX_DETAIL = 4_000;

function excerpt(text: string): string {
  // cut between the halves of a character, it could not be recorded
  return (text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL)}…` : text).toWellFormed();
}
