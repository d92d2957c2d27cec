import { setTimeout as sleep } from 'node:timers/promises';
import { DONE, oneByOne } from '#libs/bus';
import { type BusBody, byText, MOMENT_MS } from './bus-probe.ts';

/** What a reader gets to see. */
export function joining({ name, withProbe, describe, expect, it }: BusBody): void {
  describe(`the ${name} bus, joining`, () => {
    it(
      'lets a shared group begin with what was published before it joined',
      withProbe(async (probe) => {
        await probe.bus.publish([probe.message('key', 'before')]);
        const reader = await probe.join({ group: 'shared' });
        await probe.bus.publish([probe.message('key', 'after')]);
        await reader.whenSeen(2);
        expect(reader.texts).toEqual(['before', 'after']);
      }),
    );

    it(
      'lets a shared group go on where its last member stopped',
      withProbe(async (probe) => {
        const first = await probe.join({ group: 'shared' });
        await probe.bus.publish([probe.message('key', 'one'), probe.message('key', 'two')]);
        await first.whenSeen(2);
        await first.stop();
        await probe.bus.publish([probe.message('key', 'three')]);
        const second = await probe.join({ group: 'shared' });
        await probe.bus.publish([probe.message('key', 'four')]);
        await second.whenSeen(2);
        expect(first.texts).toEqual(['one', 'two']);
        expect(second.texts).toEqual(['three', 'four']);
      }),
    );

    it(
      'gives the next member of a shared group what the last one did not finish',
      withProbe(async (probe) => {
        const handle = oneByOne(
          byText((text) => (text === 'two' ? { kind: 'retry', cause: 'not now' } : DONE)),
        );
        const first = await probe.join({ group: 'shared', handle });
        await probe.bus.publish(['one', 'two', 'three'].map((text) => probe.message('key', text)));
        await first.whenSeen(3);
        await first.stop();
        const second = await probe.join({ group: 'shared' });
        await second.whenSeen(2);
        expect(second.texts).toEqual(['two', 'three']);
      }),
    );

    it(
      'keeps groups apart: each sees everything',
      withProbe(async (probe) => {
        const one = await probe.join({ group: 'shared', reader: probe.own('one') });
        const other = await probe.join({ group: 'shared', reader: probe.own('other') });
        await probe.bus.publish([probe.message('key', 'for both')]);
        await Promise.all([one.whenSeen(1), other.whenSeen(1)]);
        expect([one.texts, other.texts]).toEqual([['for both'], ['for both']]);
      }),
    );

    it(
      'shows a reader alone only what comes after it joined, each time it joins',
      withProbe(async (probe) => {
        await probe.bus.publish([probe.message('key', 'before')]);
        const first = await probe.join({ group: 'alone' });
        await probe.bus.publish([probe.message('key', 'one')]);
        await first.whenSeen(1);
        await first.stop();
        await probe.bus.publish([probe.message('key', 'between')]);
        const second = await probe.join({ group: 'alone' });
        await probe.bus.publish([probe.message('key', 'two')]);
        await second.whenSeen(1);
        expect([...first.texts, ...second.texts]).toEqual(['one', 'two']);
      }),
    );

    it(
      'gives a reader the partitions that it asked for, and no others',
      withProbe(async (probe) => {
        const reader = await probe.join({ group: 'alone', partitions: [1] });
        await probe.bus.publish([
          probe.message('key', 'not for it', { partition: 0 }),
          probe.message('key', 'for it', { partition: 1 }),
        ]);
        await reader.whenSeen(1);
        await sleep(MOMENT_MS);
        expect(reader.texts).toEqual(['for it']);
      }),
    );

    it(
      'drops what a reader does not accept by key and headers, and goes on behind it',
      withProbe(async (probe) => {
        const asked: string[] = [];
        const reader = await probe.join({
          group: 'alone',
          accepts: (key, headers) => {
            if (key === probe.own('key')) asked.push(headers['for'] ?? '');
            return headers['for'] === 'me';
          },
        });
        await probe.bus.publish(
          ['you', 'me', 'them', 'me'].map((to) => probe.message('key', `to ${to}`, { headers: { for: to } })),
        );
        await reader.whenSeen(2);
        expect(reader.texts).toEqual(['to me', 'to me']);
        expect(asked).toEqual(['you', 'me', 'them', 'me']);
      }),
    );
  });
}
