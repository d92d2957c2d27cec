import { type Assignment, type BusMessage, commandTo } from '#libs/contracts';
import { sealAssignment } from '#libs/crypto';
import { Roads } from '../../../apps/conductor/src/leader/roads.ts';
import type { ConductorRoad } from '../../../apps/executor/src/commands/conductor-road.ts';
import { introduceTo, TEST_POOL_KEY } from './played-executors.ts';

type Command = Parameters<typeof commandTo>[1];
type Distributed<One> = One extends unknown ? Omit<One, 'executorId'> : never;

/** The conductor of a term, who commands one executor what the test says. */
export class PlayedConductor {
  readonly roads: Roads;
  private readonly executorId: string;

  constructor(
    road: ConductorRoad,
    term = 1,
    private readonly partitions = 4,
  ) {
    this.executorId = road.executorId;
    this.roads = new Roads(TEST_POOL_KEY, term);
    introduceTo(this.roads, road);
  }

  say(command: Distributed<Command>, organizationId = 'o1'): BusMessage {
    const { executorId } = this;
    const said = this.roads.say(
      commandTo(organizationId, { ...command, executorId } as Command, this.partitions),
    );
    if (!said) throw new Error('the executor is not known');
    return said;
  }

  assign(assignment: Assignment): BusMessage {
    const { organizationId, runId, attempt } = assignment;
    const sealed = this.seal(assignment).toString('base64');
    return this.say({ kind: 'assign', runId, attempt, sealed }, organizationId);
  }

  seal(assignment: Assignment): Buffer {
    const keys = this.roads.keysOf(this.executorId);
    if (!keys) throw new Error('the executor is not known');
    return sealAssignment(keys, assignment, Buffer.from(JSON.stringify(assignment)));
  }
}
