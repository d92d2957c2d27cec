import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DONE, oneByOne } from '#libs/bus';
import { ExecutorCommand, RunTouched, TOPICS, termOf } from '#libs/contracts';
import { playExecutor, type Runnable, TestConductor, until } from '#libs/testing';
import { freeze, kill } from '../../../libs/testing/src/frozen-leader.ts';
import type { Conductor } from './conductor.ts';

/** Twice what a take-over may take. */
const BOUND_MS = 4_000;

describe('of two conductors', () => {
  let test: TestConductor;
  let standby: Conductor;
  let runnable: Runnable;
  /** In which each assignment was sent. */
  let terms: number[];
  let first: number;
  beforeEach(async () => {
    test = await TestConductor.create({}, { begin: 'stand by', executorsOutlive: true });
    runnable = await test.runnable();
    terms = [];
    await test.bus.subscribe({
      reader: 'test',
      topic: TOPICS.executorCommand,
      group: 'alone',
      handle: oneByOne(({ headers, value }) => {
        if (ExecutorCommand.decode(value).data.kind === 'assign') terms.push(termOf(headers));
        return DONE;
      }),
    });
    await test.start();
    first = test.term.session.term;
    standby = test.another();
    await standby.start();
  });
  afterEach(() => test.dispose());

  const leads = () => until('the other leads', () => standby['term'], BOUND_MS);
  const queued = async () => {
    const { organizationId, runId } = await test.runs.queued(runnable);
    await test.bus.publish([RunTouched.encode(organizationId, { ...runnable, runId, what: 'requested' })]);
  };
  /** A run that goes to an executor of which nobody has heard before. */
  const sent = async () => {
    const [count, executorId] = [terms.length + 1, playExecutor()];
    await queued();
    await until('it is sent', async () => {
      await test.report({ executorId });
      return terms.length === count;
    });
  };

  it('one sends runs out', async () => {
    await sent();
    await sent();
    expect([test.conductor.isLeading, standby.isLeading]).toEqual([true, false]);
    expect(terms).toEqual([first, first]);
  });

  it('the other goes on in a higher term when one is killed', async () => {
    await sent();
    kill(test.conductor['leadership']);
    await leads();
    await sent();
    expect(terms).toEqual([first, first + 1]);
  });

  it('the other goes on at once when one is stopped', async () => {
    await test.conductor.stop();
    await leads();
    await sent();
    expect(terms).toEqual([first + 1]);
  });

  it('one that was frozen forgets what it knew, and begins with nothing when it leads again', async () => {
    await sent();
    const before = test.term;
    const { thaw } = freeze(test.conductor['leadership']);
    await leads();
    thaw();
    await until('it stands by', () => !test.conductor.isLeading);
    await sent();
    await standby.stop();
    await until('it leads again', () => test.conductor.isLeading, BOUND_MS);
    expect(test.term).not.toBe(before);
    await sent();
    expect(terms).toEqual([first, first + 1, first + 2]);
  });
});
