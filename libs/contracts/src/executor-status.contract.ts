import { z } from 'zod';
import { contract } from './contract.ts';
import { STATUS_PARTITION, TOPICS } from './topics.ts';

const attemptOf = { organizationId: z.string(), runId: z.string(), attempt: z.number().int().min(1) };

/**
 * How an attempt left the executor. `ended`: its terminal event was sent. `returned`: given back, nobody's fault.
 * `lost`: its runner died with it. `unserved`: the blob store did not give or take what it needs.
 */
const DONE_OUTCOMES = ['ended', 'returned', 'lost', 'unserved'] as const;

/** Written as a number that a column holds: one executor's must not make a statement fail that others wait for. */
const PARTITION = /^\d{1,9}$/;

/** What an executor says of itself each second, and at once when it gives an attempt back. */
export const ExecutorStatus = contract({
  topic: TOPICS.executorStatus,
  partition: STATUS_PARTITION,
  type: 'executor.status',
  key: (data) => data.executorId,
  data: z.object({
    executorId: z.string(),
    maxRunners: z.number().int().min(1),
    slotsPerRunner: z.number().int().min(1),
    /** Free slots in runners that already serve an organization. */
    warm: z.record(z.string(), z.number().int().min(0)),
    held: z.array(z.object(attemptOf)),
    done: z.array(z.object({ ...attemptOf, outcome: z.enum(DONE_OUTCOMES) })),
    /** Per partition of run.event, the offset of this executor's last event that the bus has taken. */
    eventOffsets: z.record(z.string().regex(PARTITION), z.number().int()),
    isDraining: z.boolean(),
    /** Nobody heard it for too long: it goes on with what a roll-call leaves it. */
    isParked: z.boolean(),
    /** Which of its words this is: a roll-call names the one that it answers. */
    pulse: z.number().int().min(0),
    /** The highest leader's term that it has heard of. */
    term: z.number().int().min(0),
  }),
});
export type ExecutorStatusData = ReturnType<typeof ExecutorStatus.decode>['data'];
