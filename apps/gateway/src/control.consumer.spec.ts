import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { ControlChanged, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { deadLetters, until } from '#libs/testing';
import { ControlConsumer } from './control.consumer.ts';

type Parts = ConstructorParameters<typeof ControlConsumer>;

describe('the gateway, hearing of changes', () => {
  let bus: EmbeddedBus;
  let consumer: ControlConsumer;
  let dropped: string[];
  let ofWhom: Set<string | undefined>;
  beforeEach(async () => {
    bus = new EmbeddedBus();
    dropped = [];
    ofWhom = new Set();
    const told = (name: string) => (organizationId?: string) => {
      dropped.push(name);
      ofWhom.add(organizationId);
    };
    const cache = (name: string) => ({ forget: told(name) });
    // of each part only what is told to it
    consumer = new ControlConsumer(
      bus,
      cache('keys') as unknown as Parts[1],
      cache('tokens') as unknown as Parts[2],
      cache('deployments') as unknown as Parts[3],
      { recheckStreams: told('streams') } as unknown as Parts[4],
    );
    await consumer.onApplicationBootstrap();
  });
  afterEach(async () => {
    await consumer.onApplicationShutdown();
    await bus.close();
  });

  const organizationId = newId();
  const change = (what: Parameters<typeof ControlChanged.encode>[1]['what']) =>
    ControlChanged.encode(organizationId, { organizationId, what, id: newId() });

  it('drops everything when it joins, for it may have missed some', async () => {
    await until('all is dropped', () => dropped.length === 4);
    expect(dropped.sort()).toEqual(['deployments', 'keys', 'streams', 'tokens']);
    expect([...ofWhom]).toEqual([undefined]);
  });

  it.each<[Parameters<typeof change>[0], string[]]>([
    ['key', ['keys', 'streams']],
    ['binding', ['streams', 'tokens']],
    ['deployment', ['deployments']],
  ])('drops for a %s what is stale by it, of that organization, and no more', async (what, stale) => {
    await until('it has joined', () => dropped.length === 4);
    dropped.length = 0;
    ofWhom.clear();
    await bus.publish([change(what)]);
    await until('it has heard', () => dropped.length === stale.length);
    expect(dropped.sort()).toEqual(stale);
    expect([...ofWhom]).toEqual([organizationId]);
  });

  it('lays aside at once what is no change, and goes on', async () => {
    await until('it has joined', () => dropped.length === 4);
    dropped.length = 0;
    const letters = await deadLetters(bus);
    const { key } = change('key');
    await bus.publish([
      { topic: TOPICS.controlChanged, key, headers: {}, value: Buffer.from('{"not":"a change"}') },
      change('deployment'),
    ]);
    await until('the next one is heard', () => dropped.includes('deployments'));
    await until('a letter', () => letters.length > 0);
    expect(letters.map(({ headers }) => headers['dead-reason'])).toEqual([
      expect.stringMatching(/^no control\.changed message: /),
    ]);
    expect(dropped).toEqual(['deployments']);
  });
});
