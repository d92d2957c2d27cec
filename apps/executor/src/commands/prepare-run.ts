import type { Assignment } from '#libs/contracts';
import { openCheckpoint } from '#libs/crypto';
import type { Plan } from '#libs/engine';
import { fetchGranted, type PlanCache } from '../blobs/granted-blobs.ts';
import { secretStandIn } from '../runner-protocol.ts';
import type { StartRun } from '../runners/runner.ts';

export interface PreparedRun extends StartRun {
  plan: Plan;
}

/** Fetches and opens what a run needs before a runner can begin it. */
export async function prepareRun(
  assignment: Assignment,
  plans: PlanCache,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const [plan, input, completed] = await Promise.all([
    plans.get(assignment.plan.hash, assignment.plan.url),
    inputOf(assignment, signal),
    completedBy(assignment, signal),
  ]);
  const standIns = assignment.secrets.map(({ name }): [string, string] => [name, secretStandIn(name)]);
  return {
    planHash: assignment.plan.hash,
    plan,
    frame: {
      idSeed: assignment.runId,
      sessionId: assignment.sessionId,
      ...(input !== undefined && { input: JSON.parse(input) }),
      variables: { ...assignment.variables, ...Object.fromEntries(standIns) },
      completed: completed as never,
    },
  };
}

async function inputOf({ input }: Assignment, signal: AbortSignal): Promise<string | undefined> {
  if (input.url === undefined) return input.json;
  return (await fetchGranted(input.url, signal, input.hash)).toString('utf8');
}

/** What earlier attempts have completed. */
function completedBy(
  { checkpoints, checkpointKey, runId }: Assignment,
  signal: AbortSignal,
): Promise<{ nodeId: string; outputs: unknown }[]> {
  const key = Buffer.from(checkpointKey, 'base64');
  return Promise.all(
    checkpoints.map(async ({ nodeId, iteration, sealed, url }) => {
      const bytes = url === undefined ? Buffer.from(sealed ?? '', 'base64') : await fetchGranted(url, signal);
      const outputs: unknown = JSON.parse(openCheckpoint(key, { runId, nodeId, iteration }, bytes));
      return { nodeId, outputs };
    }),
  );
}
