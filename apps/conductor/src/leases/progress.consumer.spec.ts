import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { type BusMessage, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { type Append, type Appended, progressOf } from '#libs/runs';
import { attemptEvents, deadLetters, until } from '#libs/testing';
import { ProgressConsumer } from './progress.consumer.ts';

describe('progress that is the business of the conductor', () => {
  let bus: EmbeddedBus;
  let heard: unknown[][];
  beforeEach(async () => {
    bus = new EmbeddedBus({ partitions: 1 });
    heard = [];
    await new ProgressConsumer(bus, {
      ended: (...given) => heard.push(['ended', ...given]),
      fenced: async (...given) => {
        heard.push(['fenced', ...given]);
      },
    }).start();
  });
  afterEach(() => bus.close());

  const run = { organizationId: newId(), runId: newId(), attempt: 3, from: 'owner' as const };
  const end: Append = { ...run, events: attemptEvents(1, 'run.succeeded').slice(0, 1) };
  const message = (append: Append, outcome: 'duplicate' | 'fenced'): BusMessage =>
    progressOf(
      append,
      append.events.map((): Appended => ({ outcome })),
    );
  const ended: BusMessage = {
    topic: TOPICS.runProgress,
    key: run.runId,
    headers: { moved: 'ended', attempt: '3', organization: run.organizationId },
    value: Buffer.from('never read'),
  };

  it('is an end, known by its header alone', async () => {
    await bus.publish([ended]);
    await until('it is heard', () => heard.length === 1);
    expect(heard).toEqual([['ended', run.runId, 3]]);
  });

  it('is what was refused, with its organization and attempt', async () => {
    await bus.publish([message(end, 'fenced')]);
    await until('it is heard', () => heard.length === 1);
    expect(heard).toEqual([['fenced', run.organizationId, run.runId, 3]]);
  });

  it('is an end that turned out to be there already', async () => {
    const events = attemptEvents(2, 'run.succeeded');
    await bus.publish([message({ ...run, events }, 'duplicate')]);
    await until('it is heard', () => heard.length === 1);
    expect(heard).toEqual([['ended', run.runId, 3]]);
  });

  it('is nothing else: other progress is dropped unread', async () => {
    const letters = await deadLetters(bus);
    const other = { ...ended, headers: { ...ended.headers, moved: '' } };
    await bus.publish([message({ ...run, events: attemptEvents(1) }, 'duplicate'), other, ended]);
    await until('the end is heard', () => heard.length > 0);
    expect(heard).toEqual([['ended', run.runId, 3]]);
    expect(letters).toEqual([]);
  });
});
