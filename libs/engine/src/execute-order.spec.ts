import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execution, from, out, planNode, planOf, run, type Work } from '../../testing/src/plans.ts';
import type { Outputs, Step } from './execute.ts';
import type { Plan } from './plan.ts';

/** What the steps of a whole run break of the engine's promises, one sentence each. */
function orderFaults(plan: Plan, completedBefore: ReadonlySet<string>, steps: readonly Step[]): string[] {
  const faults: string[] = [];
  const started = new Set<string>();
  const completed = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'event' && step.type === 'node.started') {
      const { nodeId } = step.data;
      if (started.has(nodeId)) faults.push(`${nodeId} started twice`);
      if (completedBefore.has(nodeId)) faults.push(`${nodeId} started though it was completed before`);
      const node = plan.nodes.find(({ id }) => id === nodeId);
      for (const { from: sources } of Object.values(node?.inputs ?? {})) {
        for (const { node: source } of sources)
          if (!completed.has(source)) faults.push(`${nodeId} started before ${source} was completed`);
      }
      started.add(nodeId);
    } else if (step.kind === 'completed') {
      const { nodeId, resumed } = step;
      if (completed.has(nodeId)) faults.push(`${nodeId} was completed twice`);
      if (resumed !== completedBefore.has(nodeId))
        faults.push(`${nodeId} is wrong about having been resumed`);
      if (!resumed && !started.has(nodeId)) faults.push(`${nodeId} was completed before it started`);
      completed.add(nodeId);
    } else if (!started.has(step.data.nodeId) || completed.has(step.data.nodeId)) {
      faults.push(`${step.data.nodeId} spoke outside its time`);
    }
  }
  for (const { id } of plan.nodes) if (!completed.has(id)) faults.push(`${id} was never completed`);
  return faults;
}

/** A graph without circles: each node is fed by some that stand before it. */
const graph = fc
  .integer({ min: 1, max: 8 })
  .chain((size) =>
    fc.tuple(...Array.from({ length: size }, (_, index) => fc.subarray([...Array(index).keys()]))),
  )
  .map((sources) =>
    planOf(
      sources.map((indices, index) =>
        planNode(`N${index}`, {
          inputs: { in: { ...from(...indices.map((one) => `N${one}`)), isList: true } },
        }),
      ),
      { outputs: [`N${sources.length - 1}`] },
    ),
  );

/** Every node puts out its name and all that came in; some take a turn longer than others. */
function executed(plan: Plan, completed: ReadonlyMap<string, Outputs> = new Map()) {
  const work: Record<string, Work> = {};
  for (const [index, { id }] of plan.nodes.entries()) {
    work[id] = async ({ fields, emit }) => {
      emit({ type: 'log', data: { nodeId: id, level: 'info', text: 'at work' } });
      for (let turn = 0; turn < (index * 7) % 4; turn += 1) await Promise.resolve();
      return out(`${id}(${String(fields['in'])})`);
    };
  }
  return run(execution(plan, work, { completed }));
}

describe('the steps of any graph', () => {
  it('start each node once, behind all that feeds it', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (plan) => {
        expect(orderFaults(plan, new Set(), (await executed(plan)).steps)).toEqual([]);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it('leave out what was completed before, wherever the run was cut, and come to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(graph, fc.double({ min: 0, max: 1, noNaN: true }), async (plan, share) => {
        const whole = await executed(plan);
        const cut = whole.steps.slice(0, Math.floor(share * whole.steps.length));
        const kept = new Map(
          cut.flatMap((step) => (step.kind === 'completed' ? [[step.nodeId, step.outputs]] : [])),
        );
        const resumed = await executed(plan, kept);
        expect(orderFaults(plan, new Set(kept.keys()), resumed.steps)).toEqual([]);
        expect(resumed.output).toEqual(whole.output);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it.each<[string, (steps: Step[]) => Step[]]>([
    ['has begun too early', (steps) => [steps[3], ...steps] as Step[]],
    ['has not ended', (steps) => steps.filter((step) => step.kind !== 'completed' || step.nodeId !== 'B')],
    ['has not begun', (steps) => steps.slice(1)],
    ['says something after its end', (steps) => [...steps, steps[1]] as Step[]],
    [
      'is run again',
      (steps) => steps.map((step) => (step.kind === 'completed' ? { ...step, resumed: true } : step)),
    ],
  ])('are seen to be wrong where a node %s', async (_what, spoil) => {
    const plan = planOf([
      planNode('A', { inputs: { in: { ...from(), isList: true } } }),
      planNode('B', { inputs: { in: { ...from('A'), isList: true } } }),
    ]);
    const { steps } = await executed(plan);
    expect(orderFaults(plan, new Set(), steps)).toEqual([]);
    expect(orderFaults(plan, new Set(), spoil([...steps]))).not.toEqual([]);
  });
});
