import { TOPICS } from '#libs/contracts';
import type { BusBody } from './bus-probe.ts';

/** What is promised to those who publish. */
export function publishing({ name, withProbe, describe, expect, it }: BusBody): void {
  describe(`the ${name} bus, publishing`, () => {
    it(
      'carries bytes: what happens to a message after it was published does not reach a reader',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone' });
        const value = Buffer.from([0, 0xff, 0xfe, 10, 13]);
        const headers = { 'a-header': 'before' };
        const message = probe.message('a key: ключ', '', { value, headers });
        await probe.bus.publish([message]);
        value.fill(1);
        headers['a-header'] = 'after';
        message.key = 'another';
        await reader.whenSeen(1);
        const [seen] = reader.seen;
        expect(seen?.topic).toBe(TOPICS.runEvent);
        expect(seen?.key).toBe(probe.own('a key: ключ'));
        expect(seen?.headers).toEqual({ 'a-header': 'before' });
        expect([...(seen?.value ?? [])]).toEqual([0, 0xff, 0xfe, 10, 13]);
      }),
    );

    it(
      'carries empty values and large ones',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone' });
        const large = Buffer.alloc(256 * 1024, 'headgate');
        await probe.bus.publish([probe.message('key', ''), probe.message('key', '', { value: large })]);
        await reader.whenSeen(2);
        expect(reader.seen[0]?.value).toHaveLength(0);
        expect(reader.seen[1]?.value.equals(large)).toBe(true);
      }),
    );

    it(
      'keeps one key in one partition and in the order of publishing, and spreads many keys',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone' });
        const texts = Array.from({ length: 40 }, (_, index) => String(index));
        const published = texts.map((text) => probe.bus.publish([probe.message('same', text)]));
        const others = texts.map((text) => probe.message(`key-${text}`, text));
        await Promise.all([...published, probe.bus.publish(others)]);
        await reader.whenSeen(80);
        const same = reader.seen.filter((delivery) => delivery.key === probe.own('same'));
        expect(same.map((delivery) => delivery.value.toString())).toEqual(texts);
        expect(new Set(same.map((delivery) => delivery.partition)).size).toBe(1);
        expect(new Set(reader.seen.map((delivery) => delivery.partition)).size).toBeGreaterThan(1);
      }),
    );

    it(
      'puts a message into the partition that it names, whatever its key',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone' });
        const all = Array.from({ length: probe.bus.partitions }, (_, partition) => partition);
        await probe.bus.publish(
          all.map((partition) => probe.message('key', String(partition), { partition })),
        );
        await reader.whenSeen(all.length);
        for (const { partition, value } of reader.seen) expect(value.toString()).toBe(String(partition));
        expect(new Set(reader.seen.map((delivery) => delivery.partition)).size).toBe(all.length);
      }),
    );

    it(
      'answers with the place of each message, in the order of the messages',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone' });
        const messages = [1, 0, 1, 0].map((partition, index) =>
          probe.message('key', String(index), { partition }),
        );
        const places = await probe.bus.publish(messages);
        await reader.whenSeen(4);
        for (const [index, place] of places.entries()) {
          const seen = reader.seen.find((delivery) => delivery.value.toString() === String(index));
          expect({ partition: seen?.partition, offset: seen?.offset }).toEqual(place);
        }
        expect(places.map((place) => place.partition)).toEqual([1, 0, 1, 0]);
        expect(places[2]?.offset).toBeGreaterThan(places[0]?.offset ?? Number.NaN);
        expect(await probe.bus.publish([])).toEqual([]);
      }),
    );
  });
}
