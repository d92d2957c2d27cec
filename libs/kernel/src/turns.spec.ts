import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.ts';

function controlled(atOnce: number, maxWaiting?: number) {
  const turns = new Turns(atOnce, maxWaiting);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (name: string, signal?: AbortSignal) =>
    turns.take(() => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    }, signal);
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise(setImmediate);
  };
  return { turns, begun, take, end };
}

describe('taking turns', () => {
  it('lets so much go on at a time, and the rest follows in its order', async () => {
    const { begun, take, end } = controlled(2);
    const all = ['a', 'b', 'c', 'd'].map((name) => take(name));
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a');
    await end('c');
    await end('d');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses what would wait behind too much, and goes on with the rest', async () => {
    const { begun, take, end } = controlled(1, 2);
    const waiting = ['a', 'b', 'c'].map((name) => take(name));
    await expect(take('d')).rejects.toMatchObject({ code: 'service.unavailable' });
    await end('a');
    const later = take('e');
    for (const name of ['b', 'c', 'e']) await end(name);
    expect(await Promise.all([...waiting, later])).toEqual(['a', 'b', 'c', 'e']);
    expect(begun).toEqual(['a', 'b', 'c', 'e']);
  });

  it('gives each turn back once, also after a failure', async () => {
    const { turns, begun, take, end } = controlled(1);
    await expect(turns.take(() => Promise.reject(new Error('it broke')))).rejects.toThrow('it broke');
    void take('a');
    void take('b');
    expect(begun).toEqual(['a']);
    await end('a');
    await end('b');
    void take('c');
    void take('d');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('c');
    await end('d');
  });

  it('lets go whoever does not want to wait any longer, and keeps the turn of what goes on', async () => {
    const { begun, take, end } = controlled(1, 1);
    const caller = new AbortController();
    const first = take('a', caller.signal);
    const second = take('b', caller.signal);
    caller.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    const third = take('c');
    expect(begun).toEqual(['a']);
    await end('a');
    await end('c');
    expect(await Promise.all([first, third])).toEqual(['a', 'c']);
    expect(begun).toEqual(['a', 'c']);
  });
});
