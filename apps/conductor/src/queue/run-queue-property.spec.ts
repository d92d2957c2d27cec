import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULTS, fairOrder } from '#libs/domain';
import { type HeadName, type QueuedRun, RunQueue } from './run-queue.ts';

/** What happens around a queue: runs come, with or without their hint, some are placed, the sweep looks. */
type Step =
  | { is: 'accept'; deployment: number; runs: number; isHinted: boolean }
  | { is: 'place'; slots: number }
  | { is: 'sweep' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    is: fc.constant('accept' as const),
    deployment: fc.nat(4),
    runs: fc.oneof(fc.nat(3), fc.nat(150)),
    isHinted: fc.boolean(),
  }),
  fc.record({ is: fc.constant('place' as const), slots: fc.nat(80) }),
  fc.constant<Step>({ is: 'sweep' }),
);

/** Deployments 0 and 1 are one organization's. */
const nameOf = (deployment: number): HeadName => ({
  organizationId: `o${Math.max(1, deployment)}`,
  projectId: 'p',
  deploymentId: `d${deployment}`,
});

/** A table of queued runs, and a queue over it as the placer and the sweep use it. */
class Floor {
  readonly faults = new Set<string>();
  private readonly table = new Map<string, QueuedRun[]>();
  private count = 0;

  constructor(private readonly queue: RunQueue) {}

  take(one: Step): void {
    if (one.is === 'accept') this.accept(one);
    else if (one.is === 'place') this.place(one.slots);
    else for (const [run] of this.table.values()) if (run) this.queue.mark(run);
    for (const { heads } of this.queue['lines'].values())
      for (const { runIds } of heads.values())
        if (runIds.length > DEFAULTS.queueHeadRuns) this.faults.add('it holds more than a head');
  }

  /** A sweep and a batch without end find whatever is left. */
  drain(): void {
    for (let round = 0; round < 20; round += 1) {
      this.take({ is: 'sweep' });
      this.place(128);
    }
    if ([...this.table.values()].some((runs) => runs.length > 0)) this.faults.add('a run is never placed');
    if (this.queue['lines'].size > 0) this.faults.add('it remembers who has nothing');
  }

  private accept({ deployment, runs, isHinted }: Extract<Step, { is: 'accept' }>): void {
    const name = nameOf(deployment);
    const rows = this.table.get(name.deploymentId) ?? [];
    this.table.set(name.deploymentId, rows);
    for (let one = 0; one < runs; one += 1) {
      this.count += 1;
      const run = { ...name, runId: String(this.count).padStart(6, '0') };
      rows.push(run);
      if (isHinted) this.queue.add(run);
    }
  }

  private place(slots: number): void {
    for (const name of this.queue.dry()) {
      const rows = this.table.get(name.deploymentId) ?? [];
      this.queue.refill(
        name,
        rows.slice(0, DEFAULTS.queueHeadRuns).map(({ runId }) => runId),
      );
    }
    const served = new Map<string, number>();
    for (const organizationId of fairOrder(this.queue.waiting(), slots)) {
      const run = this.queue.take(organizationId);
      if (!run) {
        this.faults.add('it promised a run that it has not');
        return;
      }
      served.set(organizationId, (served.get(organizationId) ?? 0) + 1);
      const rows = this.table.get(run.deploymentId) ?? [];
      const at = rows.findIndex(({ runId }) => runId === run.runId);
      if (at < 0) this.faults.add('it gives a run twice');
      else rows.splice(at, 1);
    }
    const left = new Set([...this.queue.waiting()].map(({ organizationId }) => organizationId));
    const most = Math.max(0, ...served.values());
    for (const one of left)
      if ((served.get(one) ?? 0) < most - 1) this.faults.add('an organization was passed over');
  }
}

function faultsOf(queue: RunQueue, steps: readonly Step[]): string[] {
  const floor = new Floor(queue);
  for (const one of steps) floor.take(one);
  floor.drain();
  return [...floor.faults];
}

describe('the queue in memory, over any history', () => {
  it('places every run once, fairly, and holds no more than its heads', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        expect(faultsOf(new RunQueue(), steps)).toEqual([]);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  const many: Step = { is: 'accept', deployment: 2, runs: 100, isHinted: true };
  const others: Step[] = [3, 4].map((deployment) => ({
    is: 'accept',
    deployment,
    runs: 5,
    isHinted: true,
  }));
  it.each<[string, new () => RunQueue, Step[], string]>([
    [
      'a queue that is deaf to the sweep',
      class extends RunQueue {
        override mark(): void {}
      },
      [{ is: 'accept', deployment: 2, runs: 1, isHinted: false }],
      'a run is never placed',
    ],
    [
      'a queue without a bound',
      class extends RunQueue {
        override add(run: QueuedRun): void {
          this['headOf'](run).runIds.push(run.runId);
        }
      },
      [many],
      'it holds more than a head',
    ],
    [
      'a queue that keeps what it gives',
      class extends RunQueue {
        override take(organizationId: string): QueuedRun | undefined {
          const run = super.take(organizationId);
          if (run?.runId.endsWith('7')) this['headOf'](run).runIds.push(run.runId);
          return run;
        }
      },
      [many, { is: 'place', slots: 80 }],
      'it gives a run twice',
    ],
    [
      'a queue that counts wrong',
      class extends RunQueue {
        override *waiting() {
          for (const one of super.waiting()) yield { ...one, runs: one.runs + 1 };
        }
      },
      [many, { is: 'place', slots: 80 }],
      'it promised a run that it has not',
    ],
    [
      'a queue that serves one organization at a time',
      class extends RunQueue {
        override *waiting() {
          const [first] = super.waiting();
          if (first) yield first;
        }
      },
      [many, ...others],
      'an organization was passed over',
    ],
    [
      'a queue that forgets nobody',
      class extends RunQueue {
        override take(organizationId: string): QueuedRun | undefined {
          const run = super.take(organizationId);
          if (run) this['headOf'](run);
          return run;
        }
      },
      [many],
      'it remembers who has nothing',
    ],
  ])('finds %s', (_name, Mutant, steps, fault) => {
    expect(faultsOf(new Mutant(), steps)).toContain(fault);
  });
});
