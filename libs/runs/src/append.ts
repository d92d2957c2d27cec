import type { RunEventType } from '#libs/domain';

/**
 * Whose events these are. `owner`: of the executor that holds the attempt. `attempt`: of an attempt that is taken away or
 * ended for it. `queued`, `waiting`: of a run in that state. `live`: of a run in any state, whatever its attempt.
 */
type AppendFrom = 'owner' | 'attempt' | 'queued' | 'waiting' | 'live';

/** Events of one attempt, with what belongs to them. */
export interface Append {
  organizationId: string;
  runId: string;
  attempt: number;
  from: AppendFrom;
  /** With `run.retried`: whether the attempt counts as a failure, and how long the next one waits. */
  retry?: { failures: 0 | 1; delayMs: number };
  events: AppendEvent[];
}

export interface AppendEvent {
  /** Null for events that do not come from an executor. */
  n: number | null;
  type: RunEventType;
  /** Since the claim; null for now. */
  elapsedMs: number | null;
  /** JSON text. */
  data: string;
  /** With a terminal event, as JSON text. */
  end?: { output: string | null; error: string | null; usage: string | null };
  checkpoint?: { nodeId: string; iteration: number; sealed: Buffer | null; blobHash: string | null };
  /** With a finished message; its text and files as JSON text. */
  message?: {
    id: string;
    nodeId: string;
    role: string;
    text: string;
    files: string;
    blobHash: string | null;
  };
  usage?: {
    nodeId: string;
    iteration: number;
    call: number;
    model: string;
    inputTokens: number;
    outputTokens: number;
  };
}

/** What became of an event: written with this place in the log, already there, or behind the fence. */
export type Appended =
  | { outcome: 'written'; attempt: number; seq: number; at: Date }
  | { outcome: 'duplicate' }
  | { outcome: 'fenced' };
