import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { execution, from, out, planNode, planOf, run, type Work } from '../../testing/src/plans.ts';
import { execute, type Step } from './execute.ts';
import { ComponentError, NodeError } from './node-error.ts';

const label = (step: Step) =>
  step.kind === 'completed'
    ? `completed ${step.nodeId}`
    : `${step.type} ${'nodeId' in step.data ? step.data.nodeId : ''}`;

describe('the order of execution', () => {
  it('gives every node what was put out before it', async () => {
    const plan = planOf([
      planNode('A'),
      planNode('B', { inputs: { in: from('A') } }),
      planNode('C', { inputs: { in: from('B') } }),
    ]);
    const { steps } = await run(
      execution(plan, {
        A: async () => out('a'),
        B: async ({ fields }) => out(`${String(fields['in'])}b`),
        C: async ({ fields }) => out(`${String(fields['in'])}c`),
      }),
    );
    expect(steps.map(label)).toEqual([
      'node.started A',
      'completed A',
      'node.started B',
      'completed B',
      'node.started C',
      'completed C',
    ]);
    expect(steps.at(-1)).toMatchObject({ outputs: { out: 'abc' }, resumed: false, iteration: 0 });
  });

  it('runs at once what does not depend on each other, and joins it', async () => {
    const plan = planOf([
      planNode('A'),
      planNode('B'),
      planNode('C', { inputs: { one: from('A'), other: from('B') } }),
    ]);
    const bothRun = Promise.withResolvers<void>();
    let running = 0;
    // neither ends before the other has begun
    const meet = async () => {
      running += 1;
      if (running === 2) bothRun.resolve();
      await bothRun.promise;
      return out('met');
    };
    const { steps } = await run(
      execution(plan, { A: meet, B: meet, C: async ({ fields }) => out(Object.keys(fields)) }),
    );
    expect(steps.map(label).slice(0, 2).toSorted()).toEqual(['node.started A', 'node.started B']);
    expect(steps.map(label).slice(-2)).toEqual(['node.started C', 'completed C']);
    expect(steps.at(-1)).toMatchObject({ outputs: { out: ['one', 'other'] } });
  });

  it('puts what a node says between its start and its end', async () => {
    const plan = planOf([planNode('A')], { outputs: ['A'] });
    const { steps } = await run(
      execution(plan, {
        A: async (node) => {
          for (const text of ['one', 'two'])
            node.emit({ type: 'log', data: { nodeId: node.id, level: 'info', text } });
          return out('done');
        },
      }),
    );
    expect(steps.map(label)).toEqual(['node.started A', 'log A', 'log A', 'output A', 'completed A']);
    expect(steps[3]).toMatchObject({ data: { type: 'text', displayName: 'The A', content: 'done' } });
  });

  it('measures how long a node took', async () => {
    const { steps } = await run(
      execution(planOf([planNode('A')]), { A: async () => sleep(30).then(() => out(1)) }),
    );
    const [, completed] = steps;
    expect(completed?.kind === 'completed' && completed.durationMs).toBeGreaterThanOrEqual(25);
  });

  it('ends a plan without nodes at once', async () => {
    expect(await run(execution(planOf([]), {}))).toMatchObject({ steps: [], output: { reason: 'none' } });
  });
});

describe('a node that an earlier attempt completed', () => {
  it('is not run again; what it put out is there', async () => {
    let runs = 0;
    const plan = planOf([planNode('A'), planNode('B', { inputs: { in: from('A') } })], {
      outputs: ['A', 'B'],
    });
    const { steps, output } = await run(
      execution(
        plan,
        {
          A: async () => {
            runs += 1;
            return out('again');
          },
          B: async ({ fields }) => out(`${String(fields['in'])}, then b`),
        },
        { completed: new Map([['A', out('kept')]]) },
      ),
    );
    expect(runs).toBe(0);
    expect(steps.map(label)).toEqual(['completed A', 'node.started B', 'output B', 'completed B']);
    expect(steps[0]).toMatchObject({ resumed: true, durationMs: 0, outputs: { out: 'kept' } });
    expect(output.outputs).toMatchObject({ A: { content: 'kept' }, B: { content: 'kept, then b' } });
  });
});

describe('a node that fails', () => {
  const failed = async (work: Record<string, Work>, nodes = [planNode('A')]): Promise<NodeError> => {
    try {
      await run(execution(planOf(nodes), work));
    } catch (error) {
      if (error instanceof NodeError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  };

  it.each<[string, unknown, string, string]>([
    ['an error', new Error('it broke'), 'it broke', 'node.failed'],
    ['an error meant for the author', new ComponentError('no text'), 'no text', 'node.failed'],
    [
      'an error with a code',
      new ComponentError('too long', 'run.limit_exceeded'),
      'too long',
      'run.limit_exceeded',
    ],
    ['what is no error', 'just a text', 'just a text', 'node.failed'],
  ])('fails the flow in the words of Langflow: %s', async (_what, thrown, text, code) => {
    const error = await failed({ A: () => Promise.reject(thrown) });
    expect(error.message).toBe(`Error building Component The A: \n\n${text}`);
    expect({ nodeId: error.nodeId, component: error.component, code: error.code }).toEqual({
      nodeId: 'A',
      component: 'A',
      code,
    });
    expect(error.cause).toBe(thrown);
  });

  it('fails the flow where a variable that it needs is missing', async () => {
    const variables = { key: { name: 'UNKNOWN', isSecret: true, isRequired: true } };
    const error = await failed({ A: async () => out(1) }, [planNode('A', { variables })]);
    expect(error.code).toBe('variable.missing');
    expect(error.message).toBe('Error building Component The A: \n\nUNKNOWN variable not found.');
  });

  it('fails the flow where its component is not there any more', async () => {
    const error = await failed({}, [planNode('A', { component: 'Gone' })]);
    expect(error.message).toContain('There is no component "Gone".');
    expect(error.nodeId).toBe('A');
  });

  it('stops what runs beside it, and starts nothing after it', async () => {
    const log: string[] = [];
    const stopped = Promise.withResolvers<void>();
    const nodes = [planNode('A'), planNode('B'), planNode('C', { inputs: { in: from('A') } })];
    const error = await failed(
      {
        A: async () => {
          throw new Error('it broke');
        },
        B: async ({ signal }) => {
          await sleep(10_000, undefined, { signal }).catch(() => log.push('B was stopped'));
          stopped.resolve();
          throw new Error('after the end');
        },
        C: async () => out(log.push('C ran')),
      },
      nodes,
    );
    expect(error.nodeId).toBe('A');
    await stopped.promise;
    expect(log).toEqual(['B was stopped']);
  });
});

describe('a flow that is aborted', () => {
  it('starts no node when it was aborted before', async () => {
    const ran: string[] = [];
    const given = execution(
      planOf([planNode('A')]),
      { A: async ({ id }) => out(ran.push(id)) },
      { signal: AbortSignal.abort() },
    );
    await expect(run(given)).rejects.toThrow('aborted');
    expect(ran).toEqual([]);
  });

  it('stops its nodes and ends with the reason, which is no failure of a node', async () => {
    const controller = new AbortController();
    const reason = new Error('the caller wants no more');
    const given = execution(
      planOf([planNode('A')]),
      {
        A: async ({ signal }) => {
          controller.abort(reason);
          signal.throwIfAborted();
          return out(1);
        },
      },
      { signal: controller.signal },
    );
    const ended = run(given);
    await expect(ended).rejects.toBe(reason);
    await expect(ended).rejects.not.toBeInstanceOf(NodeError);
  });

  it('stops its nodes when nobody listens any more', async () => {
    const stopped = Promise.withResolvers<void>();
    const flow = execute(
      execution(planOf([planNode('A')]), {
        A: async ({ signal }) => {
          signal.addEventListener('abort', () => stopped.resolve());
          await sleep(10_000, undefined, { signal });
          return out(1);
        },
      }),
    );
    await flow.next();
    await flow.return({ text: null, source: null, reason: 'none', outputs: {} });
    await stopped.promise;
  });
});
