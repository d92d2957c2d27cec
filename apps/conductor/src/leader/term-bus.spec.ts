import { afterEach, describe, expect, it } from '@jest/globals';
import { DONE, EmbeddedBus, oneByOne } from '#libs/bus';
import { ExecutorCommand, RunTouched, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { until } from '#libs/testing';
import { TermBus } from './term-bus.ts';

describe('what is published in a term', () => {
  const bus = new EmbeddedBus({ partitions: 1 });
  afterEach(() => bus.close());

  it('names it where it is a command, and is left as it is where it is none', async () => {
    const heard: Record<string, string>[] = [];
    const ofTerm = new TermBus(bus, 7);
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
    const executorId = newId();
    const command = ExecutorCommand.encode(
      null,
      { kind: 'recorded', executorId, attempts: [] },
      { executorid: executorId },
    );
    await ofTerm.publish([command]);
    await until('the command is heard', () => heard.length === 1);
    const [runId, projectId, deploymentId] = [newId(), newId(), newId()];
    await ofTerm.publish([RunTouched.encode(newId(), { runId, projectId, deploymentId, what: 'requested' })]);
    await until('the hint is heard', () => heard.length === 2);
    expect(heard).toEqual([{ executorid: executorId, term: '7' }, {}]);
  });
});
