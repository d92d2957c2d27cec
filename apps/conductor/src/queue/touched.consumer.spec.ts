import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, EmbeddedBus } from '#libs/bus';
import { type BusMessage, RunTouched, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { deadLetters, until } from '#libs/testing';
import { TouchedConsumer } from './touched.consumer.ts';

describe('hints of runs that want attention', () => {
  let bus: EmbeddedBus;
  let letters: Delivery[];
  let heard: { what: string; run: unknown }[];
  let gaps: number;
  beforeEach(async () => {
    bus = new EmbeddedBus({ partitions: 1 });
    letters = await deadLetters(bus);
    heard = [];
    gaps = 0;
    await new TouchedConsumer(bus, {
      requested: (run) => heard.push({ what: 'requested', run }),
      cancelled: (run) => heard.push({ what: 'cancelled', run }),
      gap: () => {
        gaps += 1;
      },
    }).start();
  });
  afterEach(() => bus.close());

  const organizationId = newId();
  const run = () => ({ projectId: newId(), deploymentId: newId(), runId: newId() });
  const raw = (text: string): BusMessage => ({
    topic: TOPICS.runTouched,
    key: 'key',
    headers: {},
    value: Buffer.from(text),
  });

  it('are taken for what they ask, with all that the queue needs', async () => {
    const [first, second] = [run(), run()];
    await bus.publish([
      RunTouched.encode(organizationId, { ...first, what: 'requested' }),
      RunTouched.encode(organizationId, { ...second, what: 'cancel' }),
    ]);
    await until('both are heard', () => heard.length === 2);
    expect(heard).toEqual([
      { what: 'requested', run: { organizationId, ...first } },
      { what: 'cancelled', run: { organizationId, ...second } },
    ]);
  });

  it('may come twice', async () => {
    const message = RunTouched.encode(organizationId, { ...run(), what: 'requested' });
    await bus.publish([message, message]);
    await until('both are heard', () => heard.length === 2);
    expect(letters).toEqual([]);
  });

  it('may have been missed before it joined', () => {
    expect(gaps).toBe(1);
  });

  const good = { ...run(), what: 'requested' as const };
  it.each<[string, BusMessage, string]>([
    ['no JSON', raw('{'), 'no run.touched message'],
    ['another message', raw('{"type":"run.event","data":{}}'), 'no run.touched message'],
    ['no organization', RunTouched.encode(null, good), 'a hint without an organization'],
    ['an organization that is no id', RunTouched.encode('acme', good), 'a hint with what is no id'],
    ['a run that is no id', RunTouched.encode(organizationId, { ...good, runId: 'r' }), 'what is no id'],
    [
      'a project that is no id',
      RunTouched.encode(organizationId, { ...good, projectId: '' }),
      'what is no id',
    ],
    [
      'a deployment that is no id',
      RunTouched.encode(organizationId, { ...good, deploymentId: "'" }),
      'what is no id',
    ],
  ])('are dead letters where they hold %s, and the next one is heard', async (_what, bad, reason) => {
    await bus.publish([bad, RunTouched.encode(organizationId, good)]);
    await until('the next is heard', () => heard.length === 1 && letters.length > 0);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.headers['dead-reason']).toContain(reason);
    expect(letters[0]?.value).toEqual(bad.value);
  });
});
