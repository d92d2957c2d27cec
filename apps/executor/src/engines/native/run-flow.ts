import { createHash } from 'node:crypto';
import {
  type Catalog,
  execute,
  type Host,
  NodeError,
  type Outputs,
  type Plan,
  type Step,
} from '#libs/engine';
import { isErrorCode } from '#libs/kernel';
import type { FromRunner, RunnerResult, StartFrame } from '../../runner-protocol.ts';

/** Runs one flow in the runner and reports each step as a frame. */
export async function runFlow(
  start: StartFrame,
  plan: Plan,
  catalog: Catalog,
  fetchFor: Host['fetch'],
  signal: AbortSignal,
  send: (frame: FromRunner) => void,
  beganMs = performance.now(),
): Promise<void> {
  const host: Host = {
    fetch: fetchFor,
    variable: (name) => start.variables[name],
    stableId: (nodeId, purpose) => stableId(start.idSeed, nodeId, purpose),
    nowMs: () => performance.now() - beganMs,
    measured: (span) => send({ kind: 'span', run: start.run, span }),
  };
  const completed = new Map(start.completed.map(({ nodeId, outputs }) => [nodeId, outputs as Outputs]));
  const flow = execute({
    plan,
    catalog,
    host,
    sessionId: start.sessionId,
    input: start.input,
    completed,
    signal,
  });
  send({
    kind: 'done',
    run: start.run,
    result: await finish(flow, (step) => send(frameOf(start.run, step)), signal),
  });
}

async function finish(
  flow: ReturnType<typeof execute>,
  say: (step: Step) => void,
  signal: AbortSignal,
): Promise<RunnerResult> {
  try {
    for (;;) {
      const next = await flow.next();
      if (next.done) return { is: 'succeeded', output: next.value };
      say(next.value);
    }
  } catch (cause) {
    if (signal.aborted) return { is: 'cancelled' };
    const detail = cause instanceof Error ? cause.message : String(cause);
    if (!(cause instanceof NodeError)) return { is: 'failed', code: 'node.failed', detail };
    const code = isErrorCode(cause.code) ? cause.code : 'node.failed';
    return { is: 'failed', code, detail, node: cause.nodeId, component: cause.component, iteration: 0 };
  }
}

function frameOf(run: number, step: Step): FromRunner {
  if (step.kind === 'event') return { kind: 'event', run, type: step.type, data: step.data };
  const { nodeId, iteration, outputs, durationMs, resumed } = step;
  return { kind: 'checkpoint', run, nodeId, iteration, outputs, durationMs, resumed };
}

/** A UUID (version 8) that depends on nothing but its arguments. */
function stableId(...parts: string[]): string {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
