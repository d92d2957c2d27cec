import { expect } from '@jest/globals';
import type { EmbeddedBusOptions } from '#libs/bus';
import { type BusMessage, ExecutorCommand, RunEvents, type RunEventsData, TOPICS } from '#libs/contracts';
import { isTerminalEvent } from '#libs/domain';
import { type LogRow, logFaults, type Tenant, TestRing } from '#libs/testing';
import { type EventView, endedRun, type RunView } from './gateway/world.ts';

type Fault = NonNullable<EmbeddedBusOptions['fault']>;
type Fits = (message: BusMessage) => boolean;

export interface ToldEvent extends EventView {
  at: string;
}

/** A run as its caller saw it. */
export interface FollowedRun {
  told: ToldEvent[];
  run: RunView;
}

const WELL: ReturnType<Fault> = { copies: 1, delayMs: 0 };
const LOST: ReturnType<Fault> = { copies: 0, delayMs: 0 };

/** A ring whose bus a test may let lose, repeat and delay, and its caller. */
export class FaultyRing {
  fault: Fault = () => WELL;
  private constructor(
    readonly ring: TestRing,
    readonly tenant: Tenant,
  ) {}

  static async start(): Promise<FaultyRing> {
    let made: FaultyRing | undefined;
    const ring = await TestRing.start({ bus: { fault: (message) => made?.fault(message) ?? WELL } });
    made = new FaultyRing(ring, await ring.tenant());
    return made;
  }

  get counters() {
    return this.ring.standalone.recorder.counters;
  }

  beWell(): void {
    this.fault = () => WELL;
  }

  /** Loses what fits, the first of it or all; tells when it lost the first. */
  lose(fits: Fits, howMuch: 'first' | 'all' = 'first'): { atMs: number } {
    const loss = { atMs: 0 };
    this.fault = (message) => {
      if ((howMuch === 'first' && loss.atMs > 0) || !fits(message)) return WELL;
      loss.atMs ||= Date.now();
      return LOST;
    };
    return loss;
  }

  /** Holds up the first that fits, and counts all that do. */
  delayFirst(fits: Fits, delayMs: number): { count: number } {
    const seen = { count: 0 };
    this.fault = (message) => {
      if (!fits(message)) return WELL;
      seen.count += 1;
      return seen.count === 1 ? { copies: 1, delayMs } : WELL;
    };
    return seen;
  }

  /** Calls a deployment and reads the run's stream to its end. */
  async follow(
    deployment: string,
    seen: (event: ToldEvent, runId: string) => void = () => undefined,
  ): Promise<FollowedRun> {
    const { api } = this.tenant;
    const { response, events } = await api.stream(`/v1/deployments/${deployment}/runs`, {
      method: 'POST',
      body: { input: 'hi' },
    });
    const runId = response.headers.get('headgate-run-id') ?? '';
    const told: ToldEvent[] = [];
    for await (const { type, data } of events) {
      if (type === 'end') break;
      const event = JSON.parse(data) as ToldEvent;
      told.push(event);
      seen(event, runId);
    }
    return { told, run: await endedRun(api, runId) };
  }

  /** The log is whole and is what was told, and what was delivered was answered for. */
  async expectOrder({ told, run }: FollowedRun): Promise<void> {
    const log = await this.ring.rows<LogRow>(
      'select seq, attempt, n, type, at, data::text as data from run_event where run_id = $1 order by seq',
      [run.id],
    );
    expect(logFaults(log)).toEqual([]);
    expect(told.map(({ seq, type }) => [seq, type])).toEqual(log.map(({ seq, type }) => [seq, type]));
    expect(log.at(-1)?.type).toBe(`run.${run.status}`);
    const { delivered, written, duplicate, fenced, dead } = this.counters;
    expect([written + duplicate + fenced, dead]).toEqual([delivered, 0]);
  }
}

export const reports =
  (fits: (report: RunEventsData) => boolean): Fits =>
  ({ topic, value }) =>
    topic === TOPICS.runEvent && fits(RunEvents.decode(value).data);

export const isEnding = ({ events }: RunEventsData) => events.some(({ type }) => isTerminalEvent(type));

export const commands =
  (kind: 'assign' | 'cancel'): Fits =>
  ({ topic, value }) =>
    topic === TOPICS.executorCommand && ExecutorCommand.decode(value).data.kind === kind;
