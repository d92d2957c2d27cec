import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DEFAULTS } from '#libs/domain';
import { type BusMessage, contract } from './contract.ts';
import { TOPICS } from './topics.ts';

const attemptOf = { runId: z.string(), attempt: z.number().int().min(1) };

/**
 * A place to put large values of one attempt; `{i}` in the URL is the value's number. One may hold `maxBytes`.
 * Where each number has a signature of its own, it goes in place of `{signature}`, and there are no more values than those.
 */
export const PutGrant = z.object({
  url: z.string(),
  signatures: z.array(z.string()).optional(),
  maxBytes: z.number().int(),
});
export type PutGrant = z.output<typeof PutGrant>;

/** Where to put the value of that number; undefined where so many were not granted. */
export function putUrl(
  { url, signatures }: Pick<PutGrant, 'url' | 'signatures'>,
  i: number,
): string | undefined {
  const numbered = url.replace('{i}', String(i));
  if (signatures === undefined) return numbered;
  const signature = signatures[i];
  return signature === undefined ? undefined : numbered.replace('{signature}', signature);
}

/** A secret for the broker, who puts it into a declared header of a request to an allowed host, and nowhere else. */
export const GrantedSecret = z.object({
  name: z.string(),
  value: z.string(),
  allowedHosts: z.array(z.string()),
});
export type GrantedSecret = z.output<typeof GrantedSecret>;

/** A node's state from an earlier attempt: inline, or the URL of it where it is large. */
const GrantedCheckpoint = z.object({
  nodeId: z.string(),
  iteration: z.number().int().min(0),
  sealed: z.base64().optional(),
  url: z.string().optional(),
});

/** All that an executor will ever be told of an attempt. */
export const Assignment = z.object({
  organizationId: z.string(),
  ...attemptOf,
  deploymentId: z.string(),
  versionId: z.string(),
  contentHash: z.string(),
  engine: z.literal('native'),
  plan: z.object({ hash: z.string(), url: z.string() }),
  sessionId: z.string(),
  /** JSON text, or the URL of it where it is large; neither leaves what is stored in the flow. */
  input: z.object({ json: z.string().optional(), url: z.string().optional(), hash: z.string().optional() }),
  variables: z.record(z.string(), z.string()),
  secrets: z.array(GrantedSecret),
  /** Runs alone in its runner: it may be the one that crashed another. */
  isAlone: z.boolean(),
  timeoutMs: z.number().int(),
  queueMs: z.number().int(),
  /** From the claim to the making of this, by the conductor's clock that only grows. */
  claimedForMs: z.number(),
  spent: z.object({ inputTokens: z.number().int(), outputTokens: z.number().int() }),
  checkpointKey: z.base64(),
  checkpoints: z.array(GrantedCheckpoint),
  /** `maxBytes` is also what a run may put out in all; `stateBytes`, what its nodes may leave for the next attempt. */
  staging: PutGrant.extend({ stateBytes: z.number().int() }),
  runToken: z.string(),
});
export type Assignment = z.output<typeof Assignment>;

/** What the conductor tells one executor; others drop it by the `executorid` header. */
export const ExecutorCommand = contract({
  topic: TOPICS.executorCommand,
  type: 'executor.command',
  key: (data) => data.executorId,
  run: (data) => ('runId' in data ? data.runId : undefined),
  data: z.discriminatedUnion('kind', [
    // an assignment, sealed for this executor: inline, or the URL of it where it is large
    z.object({
      kind: z.literal('assign'),
      executorId: z.string(),
      ...attemptOf,
      sealed: z.base64().optional(),
      url: z.string().optional(),
    }),
    z.object({ kind: z.literal('cancel'), executorId: z.string(), ...attemptOf }),
    // what is not named here is not the executor's any more; `pulse`: of the status that this answers
    z.object({
      kind: z.literal('roll-call'),
      executorId: z.string(),
      attempts: z.array(z.object(attemptOf)),
      pulse: z.number().int().optional(),
    }),
    z.object({ kind: z.literal('recorded'), executorId: z.string(), attempts: z.array(z.object(attemptOf)) }),
  ]),
});
export type ExecutorCommandData = ReturnType<typeof ExecutorCommand.decode>['data'];

/** A command as it stands on the bus: in the partition and with the header by which its executor finds it. */
export function commandTo(
  organizationId: string | null,
  command: ExecutorCommandData,
  partitions: number,
): BusMessage {
  const { executorId } = command;
  const message = ExecutorCommand.encode(organizationId, command, { executorid: executorId });
  return { ...message, partition: commandPartition(executorId, partitions) };
}

/** The same as said in a term: executors that have heard of a higher one do not listen. */
export function saidInTerm(command: BusMessage, term: number): BusMessage {
  return { ...command, headers: { ...command.headers, term: String(term) } };
}

/** The term in which a command was said; one that names none was said before all. */
export function termOf(headers: BusMessage['headers']): number {
  const term = Number(headers['term'] ?? 0);
  return Number.isSafeInteger(term) ? term : 0;
}

/** The partition of an executor's commands, the same for whoever writes and reads them. */
export function commandPartition(executorId: string, partitions: number = DEFAULTS.partitions): number {
  return createHash('sha256').update(executorId).digest().readUInt32BE(0) % partitions;
}
