import { describe, expect, it } from '@jest/globals';
import { NameLookups } from './name-lookups.ts';

const STILL = new AbortController().signal;

/** Lookups that end when the test says so. */
function lookups(patienceMs?: number, keptMs?: number) {
  const asked: { host: string; answer: (addresses: string[]) => void; fail: (cause: Error) => void }[] = [];
  const names = new NameLookups(
    (host) => new Promise((answer, fail) => asked.push({ host, answer, fail })),
    patienceMs,
    keptMs,
  );
  return { asked, names, hosts: () => asked.map(({ host }) => host) };
}
const settled = () => new Promise(setImmediate);

describe('the name lookups of an organization', () => {
  it('are two at a time, and the next begins when one ends, well or not', async () => {
    const { asked, names, hosts } = lookups();
    const all = ['a', 'b', 'c', 'd'].map((host) => names.addressesOf(host, STILL));
    await settled();
    expect(hosts()).toEqual(['a', 'b']);
    asked[1]?.fail(new Error('no such name'));
    await expect(all[1]).rejects.toThrow('no such name');
    expect(hosts()).toEqual(['a', 'b', 'c']);
    asked[0]?.answer(['1.1.1.1']);
    expect(await all[0]).toEqual(['1.1.1.1']);
    expect(hosts()).toEqual(['a', 'b', 'c', 'd']);
    for (const { answer } of asked.slice(2)) answer([]);
    await Promise.all(all.slice(2));
  });

  it('are given up with their caller, but hold their place until the system has answered', async () => {
    const { asked, names, hosts } = lookups();
    const stop = new AbortController();
    const begun = ['a', 'b'].map((host) => names.addressesOf(host, stop.signal));
    const waiting = names.addressesOf('c', stop.signal);
    stop.abort(new Error('the run is over'));
    for (const one of await Promise.allSettled([...begun, waiting]))
      expect(one).toMatchObject({ status: 'rejected', reason: { message: 'the run is over' } });
    await expect(names.addressesOf('d', stop.signal)).rejects.toThrow('the run is over');
    const next = names.addressesOf('e', STILL);
    await settled();
    expect(hosts()).toEqual(['a', 'b']);
    asked[0]?.answer(['1.1.1.1']);
    await settled();
    expect(hosts()).toEqual(['a', 'b', 'e']);
    asked[2]?.answer(['2.2.2.2']);
    expect(await next).toEqual(['2.2.2.2']);
  });

  it('are waited for no longer than their time, in which waiting for a turn counts', async () => {
    const { names } = lookups(20);
    const all = ['a', 'b', 'c'].map((host) => names.addressesOf(host, STILL));
    for (const one of await Promise.allSettled(all))
      expect(one).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
  });

  it('answer those who asked meanwhile and shortly after, then ask anew', async () => {
    const { asked, names, hosts } = lookups();
    const all = ['a', 'b', 'a'].map((host) => names.addressesOf(host, STILL));
    await settled();
    asked[0]?.answer(['1.1.1.1']);
    expect(await all[2]).toEqual(['1.1.1.1']);
    expect(await names.addressesOf('a', STILL)).toEqual(['1.1.1.1']);
    expect(hosts()).toEqual(['a', 'b']);
    asked[1]?.answer([]);
    expect(await all[1]).toEqual([]);

    const forgetful = lookups(undefined, 0);
    for (const answer of ['1.1.1.1', '2.2.2.2']) {
      const asking = forgetful.names.addressesOf('a', STILL);
      await settled();
      forgetful.asked.at(-1)?.answer([answer]);
      expect(await asking).toEqual([answer]);
    }
  });
});
