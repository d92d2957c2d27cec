import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, DONE, MAX_TRIES, type Outcome, oneByOne } from '#libs/bus';
import { TOPICS } from '#libs/contracts';
import { type BusBody, byText, MOMENT_MS, type ProbeReader } from './bus-probe.ts';
import { until } from './until.ts';

/** What becomes of a delivery. */
export function handling({ name, withProbe, describe, expect, it }: BusBody): void {
  describe(`the ${name} bus, handling`, () => {
    it(
      'gives consecutive deliveries of one partition at a time, in order',
      withProbe(async (probe) => {
        let busy = 0;
        const together: number[] = [];
        const reader = await probe.join({
          group: 'alone',
          partitions: [0],
          handle: async (deliveries) => {
            busy += 1;
            together.push(busy);
            await sleep(1);
            busy -= 1;
            return deliveries.map(() => DONE);
          },
        });
        const everything = await probe.join({ group: 'alone', reader: probe.own('everything') });
        for (let round = 0; round < 20; round += 1) {
          await probe.bus.publish(
            [0, 1, 0].map((partition, index) => probe.message('key', `${round}.${index}`, { partition })),
          );
        }
        await Promise.all([reader.whenSeen(40), everything.whenSeen(60)]);
        expect(Math.max(...together)).toBe(1);
        const offsets = reader.seen.map((delivery) => delivery.offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
        for (const batch of everything.batches)
          expect(new Set(batch.map((delivery) => delivery.partition)).size).toBe(1);
      }),
    );

    it(
      'goes on in other partitions while one is busy',
      withProbe(async (probe) => {
        const gate = Promise.withResolvers<void>();
        const handle = oneByOne(async (delivery) => {
          if (delivery.partition === 0) await gate.promise;
          return DONE;
        });
        const reader = await probe.join({ group: 'alone', handle });
        await probe.bus.publish([probe.message('key', 'slow', { partition: 0 })]);
        await reader.whenSeen(1);
        await probe.bus.publish([probe.message('key', 'quick', { partition: 1 })]);
        await reader.whenSeen(2);
        gate.resolve();
        expect(reader.texts).toEqual(['slow', 'quick']);
      }),
    );

    it(
      'brings back what is to be tried again, before what stands behind it',
      withProbe(async (probe) => {
        let refusals = 2;
        const handled: string[] = [];
        const handle = async (deliveries: Delivery[]): Promise<Outcome[]> => {
          const stuck = deliveries.findIndex((delivery) => delivery.value.toString() === 'two');
          if (stuck >= 0 && refusals > 0) {
            refusals -= 1;
            handled.push(...deliveries.slice(0, stuck).map((delivery) => delivery.value.toString()));
            return deliveries.map((_, index) => (index < stuck ? DONE : { kind: 'retry', cause: 'not now' }));
          }
          handled.push(...deliveries.map((delivery) => delivery.value.toString()));
          return deliveries.map(() => DONE);
        };
        const reader = await probe.join({ group: 'shared', handle });
        await probe.bus.publish(['one', 'two', 'three'].map((text) => probe.message('key', text)));
        await until('all three are handled', () => handled.includes('three'), 20_000);
        expect(handled).toEqual(['one', 'two', 'three']);
        expect(reader.texts.filter((text) => text === 'two')).toHaveLength(3);
      }),
    );

    it(
      'tries what throws again, lets it be dead after its last try, and goes on behind it',
      withProbe(async (probe) => {
        const dead = await probe.join({ group: 'alone', reader: probe.own('dead'), topic: TOPICS.dead });
        const handle = oneByOne(
          byText((text) => {
            if (text === 'poison') throw new Error('it cannot be read');
            return DONE;
          }),
        );
        const reader = await probe.join({ group: 'shared', handle });
        await probe.bus.publish(['before', 'poison', 'behind'].map((text) => probe.message('key', text)));
        await dead.whenSeen(1);
        await until('the partition goes on', () => reader.texts.at(-1) === 'behind', 20_000);
        expect(reader.texts.filter((text) => text === 'poison')).toHaveLength(MAX_TRIES);
        await probe.bus.publish([probe.message('key', 'later')]);
        await until('the next comes', () => reader.texts.at(-1) === 'later', 20_000);
        await dead.whenSeen(1);
        expect(dead.texts).toEqual(['poison']);
        expect(dead.seen[0]?.headers['dead-reason']).toContain('it cannot be read');
      }),
    );

    it(
      'finds the one delivery that makes a whole batch throw: its neighbours are not dead',
      withProbe(async (probe) => {
        const dead = await probe.join({ group: 'alone', reader: probe.own('dead'), topic: TOPICS.dead });
        const handled = new Set<string>();
        const handle = async (deliveries: Delivery[]): Promise<Outcome[]> => {
          const texts = deliveries.map((delivery) => delivery.value.toString());
          if (texts.includes('poison')) throw new Error('the batch cannot be written');
          for (const text of texts) handled.add(text);
          return deliveries.map(() => DONE);
        };
        await probe.bus.publish(
          ['one', 'two', 'poison', 'three', 'four'].map((text) => probe.message('key', text)),
        );
        await probe.join({ group: 'shared', handle });
        await until('the partition goes on', () => handled.has('four'), 20_000);
        expect([...handled]).toEqual(['one', 'two', 'three', 'four']);
        await dead.whenSeen(1);
        expect(dead.texts).toEqual(['poison']);
      }),
    );

    it(
      'keeps what is dead whole: key, bytes, headers, where it stood, who gave it up and why',
      withProbe(async (probe) => {
        const dead = await probe.join({ group: 'alone', reader: probe.own('dead'), topic: TOPICS.dead });
        const handle = oneByOne((delivery) =>
          delivery.value[0] === 0xff ? { kind: 'dead', reason: 'not a message: ключ' } : DONE,
        );
        const reader = await probe.join({ group: 'shared', handle });
        const value = Buffer.from([0xff, 0, 0xfe]);
        const [place] = await probe.bus.publish([
          probe.message('key', '', { value, headers: { 'a-header': 'of the message' } }),
          probe.message('key', 'behind'),
        ]);
        await Promise.all([reader.whenSeen(2), dead.whenSeen(1)]);
        const [letter] = dead.seen;
        expect(letter?.key).toBe(probe.own('key'));
        expect(letter?.value.equals(value)).toBe(true);
        expect(letter?.headers).toEqual({
          'a-header': 'of the message',
          'dead-reader': probe.own('reader'),
          'dead-topic': TOPICS.runEvent,
          'dead-partition': String(place?.partition),
          'dead-offset': String(place?.offset),
          'dead-reason': 'not a message: ключ',
        });
        expect(reader.texts.at(-1)).toBe('behind');
        expect(reader.seen).toHaveLength(2);
      }),
    );

    it(
      'stops when what is being handled has been handled, and brings nothing after that',
      withProbe(async (probe) => {
        const gate = Promise.withResolvers<void>();
        const log: string[] = [];
        const handle = oneByOne(async () => {
          await gate.promise;
          log.push('handled');
          return DONE;
        });
        const reader: ProbeReader = await probe.join({ group: 'shared', handle });
        await probe.bus.publish([probe.message('key', 'one')]);
        await reader.whenSeen(1);
        const stopping = reader.stop().then(() => log.push('stopped'));
        await probe.bus.publish([probe.message('key', 'two')]);
        await sleep(MOMENT_MS);
        expect(log).toEqual([]);
        gate.resolve();
        await stopping;
        expect(log).toEqual(['handled', 'stopped']);
        await sleep(MOMENT_MS);
        expect(reader.texts).toEqual(['one']);
      }),
    );
  });
}
