import {
  Assignment,
  commandTo,
  ExecutorCommand,
  type ExecutorCommandData,
  ExecutorStatus,
} from '#libs/contracts';
import type { Roads } from '../../../apps/conductor/src/leader/roads.ts';
import { ConductorRoad } from '../../../apps/executor/src/commands/conductor-road.ts';
import { executorStatus } from './executor-status.ts';

export const TEST_POOL_KEY = Buffer.alloc(32, 9);

const roads = new Map<string, ConductorRoad>();

/** An executor whose words are the test's. */
export function playExecutor(poolKey = TEST_POOL_KEY): string {
  const road = new ConductorRoad(poolKey);
  roads.set(road.executorId, road);
  return road.executorId;
}

/** Its end of the road. */
export function roadOf(executorId: string): ConductorRoad {
  const road = roads.get(executorId);
  if (!road) throw new Error(`nobody plays the executor ${executorId}`);
  return road;
}

/** What an executor says first of all. */
export function introduceTo(roads: Roads, road: ConductorRoad): void {
  const unheard = executorStatus({ executorId: road.executorId, term: 0 });
  roads.hear(unheard, road.say(ExecutorStatus.encode(null, unheard)));
}

/** The same, and the answer to it: from then on they know each other. */
export function acquaint(roads: Roads, road: ConductorRoad): void {
  const { executorId } = road;
  introduceTo(roads, road);
  const answer = roads.say(commandTo(null, { kind: 'roll-call', executorId, attempts: [] }, 1));
  if (answer) road.hear(answer);
}

type Assign = Extract<ExecutorCommandData, { kind: 'assign' }>;

/** A command as its executor understands it. */
export type OpenedCommand =
  | Exclude<ExecutorCommandData, Assign>
  | { kind: 'assign'; executorId: string; assignment: Assignment };

/** What a command holds that its executor's road has let pass. */
export async function openCommand(
  value: Buffer,
  fetch: (url: string) => Promise<Buffer>,
): Promise<OpenedCommand> {
  const command = ExecutorCommand.decode(value).data;
  if (command.kind !== 'assign') return command;
  const { kind, executorId, sealed, url } = command;
  const bytes = sealed === undefined ? await fetch(url ?? '') : Buffer.from(sealed, 'base64');
  const text = roadOf(executorId).open(command, bytes).toString('utf8');
  return { kind, executorId, assignment: Assignment.parse(JSON.parse(text)) };
}
