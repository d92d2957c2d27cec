import { type BusMessage, ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { echoFlow, isRead, sleepingFlow, type Tenant, TestRing, until } from '#libs/testing';
import { RunWatches } from '../../apps/gateway/src/runs/run-watches.ts';
import { allRows } from './all-rows.ts';
import { endedRun, type RunView } from './gateway/world.ts';

export interface Running {
  organizationId: string;
  projectId: string;
  deploymentId: string;
  runId: string;
}

/** A ring in which one run is under way and some have ended, and nothing else happens than what a test says. */
export class QuietRing {
  running: Running = { organizationId: '', projectId: '', deploymentId: '', runId: '' };

  private constructor(
    readonly ring: TestRing,
    private readonly tenant: Tenant,
    /** All that was ever said on its bus, in its order. */
    readonly said: BusMessage[],
  ) {}

  static async start(): Promise<QuietRing> {
    const said: BusMessage[] = [];
    const ring = await TestRing.start({
      bus: {
        // so that whatever is held up holds up all that follows
        partitions: 1,
        fault: (message) => {
          said.push(message);
          return { copies: 1, delayMs: 0 };
        },
      },
    });
    const quiet = new QuietRing(ring, await ring.tenant(), said);
    const { tenant } = quiet;
    await tenant.deploy('echo', echoFlow());
    const slow = await tenant.deploy('slow', sleepingFlow(300_000));
    for (let run = 0; run < 3; run += 1) await quiet.echo();
    const { body } = await tenant.api.post<RunView>('/v1/deployments/slow/runs', { input: 'hi' });
    const { organizationId, projectId } = tenant;
    quiet.running = { organizationId, projectId, deploymentId: slow.id, runId: body.id };
    // a gateway reads progress of runs that somebody watches, and no other
    const watcher = { progress: () => undefined, head: () => undefined };
    ring.standalone.gateway.get(RunWatches).watch(organizationId, body.id, watcher);
    await until('it sleeps', async () => {
      const rows = await ring.rows(
        `select from run_event where run_id = $1 and data->>'nodeId' = 'Sleep-1'`,
        [body.id],
      );
      return rows.length > 0;
    });
    await until('it is held', () => quiet.status.held.some(({ runId }) => runId === body.id));
    await quiet.still();
    return quiet;
  }

  get executorId(): string {
    return this.ring.standalone.executor.id;
  }

  /** What its executor last said of itself. */
  get status(): ExecutorStatusData {
    const last = this.saidOn(TOPICS.executorStatus).findLast(({ key }) => key === this.executorId);
    if (!last) throw new Error('the executor has said nothing');
    return ExecutorStatus.decode(last.value).data;
  }

  saidOn(topic: string): BusMessage[] {
    return this.said.filter((message) => message.topic === topic);
  }

  /** The last good message of a topic about the run that is under way, where the topic's are about runs. */
  sample(topic: string): BusMessage {
    const { runId } = this.running;
    const all = this.saidOn(topic).filter(({ headers }) => headers['probe'] === undefined);
    const found = all.findLast((message) => message.runId === runId) ?? all.at(-1);
    if (!found) throw new Error(`nothing was said on ${topic}`);
    return found;
  }

  /** What a test says is no part of what was said. */
  async publish(messages: readonly BusMessage[]): Promise<void> {
    const count = this.said.length;
    const publishing = this.ring.standalone.bus.publish(messages);
    // the bus takes them at once
    this.said.splice(count, messages.length);
    await publishing;
  }

  /** As its executor says it. */
  executorSays(status: BusMessage): BusMessage {
    return this.ring.standalone.executor['road'].say(status);
  }

  /** As its conductor says it. */
  conductorSays(command: BusMessage): BusMessage {
    const said = this.ring.standalone.conductor['term']?.['roads'].say(command);
    if (!said) throw new Error('nobody leads, or the executor is not known');
    return said;
  }

  /** A run that goes all around. */
  async echo(): Promise<void> {
    const { body } = await this.tenant.api.post<RunView>('/v1/deployments/echo/runs?wait=10', {
      input: 'hi',
    });
    const { status } = await endedRun(this.tenant.api, body.id);
    if (status !== 'succeeded') throw new Error(`the run ${status}`);
  }

  /** How the run that is under way stands in the table. */
  async underWay(): Promise<object | undefined> {
    const { runId } = this.running;
    const [row] = await this.ring.rows('select status, attempt, failures from run_live where run_id = $1', [
      runId,
    ]);
    return row;
  }

  rows(): Promise<string[]> {
    return allRows((statement) => this.ring.rows(statement));
  }

  async letters(): Promise<{ topic: string; value: Buffer }[]> {
    return this.ring.rows('select topic, value from dead_letter');
  }

  /** Resolves when all that was said has been heard. */
  still(): Promise<true> {
    return until('all is heard', () => isRead(this.ring.standalone.bus));
  }

  /** The same when the executor has spoken again and a sweep has passed: what a word leads to shows by then. */
  async settled(): Promise<void> {
    const spoken = () =>
      this.saidOn(TOPICS.executorStatus).filter(({ key }) => key === this.executorId).length;
    const before = spoken();
    await until('it has spoken', () => spoken() >= before + 2);
    await this.still();
  }

  dispose(): Promise<void> {
    return this.ring.dispose();
  }
}
