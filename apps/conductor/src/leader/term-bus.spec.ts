import { afterEach, describe, expect, it } from '@jest/globals';
import { DONE, EmbeddedBus, oneByOne } from '#libs/bus';
import { commandTo, RunTouched, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { introduceTo, playExecutor, roadOf, TEST_POOL_KEY, until } from '#libs/testing';
import { Roads } from './roads.ts';
import { TermBus } from './term-bus.ts';

describe('what is published in a term', () => {
  const bus = new EmbeddedBus({ partitions: 1 });
  afterEach(() => bus.close());

  it('is said on the road to its executor where it is a command, and left as it is where it is none', async () => {
    const heard: Record<string, string>[] = [];
    const roads = new Roads(TEST_POOL_KEY, 7);
    const ofTerm = new TermBus(bus, roads);
    for (const topic of [TOPICS.executorCommand, TOPICS.runTouched])
      await ofTerm.subscribe({
        reader: 'test',
        topic,
        group: 'alone',
        handle: oneByOne(({ headers }) => {
          heard.push(headers);
          return DONE;
        }),
      });
    const [executorId, unknown] = [playExecutor(), playExecutor()];
    introduceTo(roads, roadOf(executorId));
    const recorded = (to: string) => commandTo(null, { kind: 'recorded', executorId: to, attempts: [] }, 1);
    await ofTerm.publish([recorded(unknown)]);
    await ofTerm.publish([recorded(executorId), recorded(unknown)]);
    await until('the command is heard', () => heard.length === 1);
    const [runId, projectId, deploymentId] = [newId(), newId(), newId()];
    await ofTerm.publish([RunTouched.encode(newId(), { runId, projectId, deploymentId, what: 'requested' })]);
    await until('the hint is heard', () => heard.length === 2);
    expect(heard).toEqual([
      expect.objectContaining({ executorid: executorId, term: '7', n: '1', mac: expect.any(String) }),
      {},
    ]);
  });
});
