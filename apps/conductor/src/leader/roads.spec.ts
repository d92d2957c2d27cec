import { beforeEach, describe, expect, it } from '@jest/globals';
import { commandTo, ExecutorStatus } from '#libs/contracts';
import { acquaint, introduceTo, playExecutor, roadOf, TEST_POOL_KEY } from '#libs/testing';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Roads } from './roads.ts';

describe('the roads of a term', () => {
  let roads: Roads;
  let executorId: string;
  beforeEach(() => {
    roads = new Roads(TEST_POOL_KEY, 7);
    executorId = playExecutor();
  });

  const say = (to = executorId) =>
    roads.say(commandTo(null, { kind: 'recorded', executorId: to, attempts: [] }, 1));
  const said = (term = roadOf(executorId).term) =>
    roadOf(executorId).say(ExecutorStatus.encode(null, executorStatus({ executorId, term })));
  const hear = (status: ReturnType<typeof said>, term = roadOf(executorId).term) =>
    roads.hear({ executorId, term }, status);

  it('lead to nobody who was not introduced', () => {
    expect([say(), roads.keysOf(executorId)]).toEqual([undefined, undefined]);
    introduceTo(roads, roadOf(executorId));
    expect([say()?.headers['term'], roads.keysOf(executorId)?.term]).toEqual(['7', 7]);
  });

  it('introduce the term with each command until the executor has answered in it', () => {
    introduceTo(roads, roadOf(executorId));
    const commands = [say(), say()];
    for (const command of commands) expect(command && roadOf(executorId).hear(command)).toBeUndefined();
    expect(hear(said())).toEqual({ is: 'said', n: 2 });
    roads.heard(executorId, 2);
    const all = [...commands, say()].map((command) => command?.headers ?? {});
    expect(all.map(({ n, introduction }) => [n, introduction !== undefined])).toEqual([
      ['1', true],
      ['2', true],
      ['3', false],
    ]);
  });

  it('bring what an executor says once, and an earlier term of it only before it has answered', () => {
    acquaint(roads, roadOf(executorId));
    expect(hear(said(0), 0)).toEqual({ is: 'introduced' });
    const [first, second] = [said(), said()];
    expect(hear(second)).toEqual({ is: 'said', n: 4 });
    // what could not be dealt with comes again
    expect(hear(second)).toEqual({ is: 'said', n: 4 });
    roads.heard(executorId, 4);
    const nothing = (reason: string) => ({ is: 'nothing', outcome: { kind: 'skip', reason } });
    expect([hear(first), hear(second)]).toEqual([nothing('said before'), nothing('said before')]);
    expect([hear(said(0), 0), hear(said(8), 8)]).toEqual([
      nothing('of an earlier term'),
      nothing('of a later term'),
    ]);
  });

  it('of the next term have other keys, and nothing that was said on these counts there', () => {
    acquaint(roads, roadOf(executorId));
    const old = said();
    const next = new Roads(TEST_POOL_KEY, 8);
    expect(next.hear({ executorId, term: 7 }, old)).toEqual({ is: 'introduced' });
    expect(next.hear({ executorId, term: 8 }, old)).toMatchObject({ outcome: { kind: 'dead' } });
    expect(next.keysOf(executorId)?.commands).not.toEqual(roads.keysOf(executorId)?.commands);
  });
});
