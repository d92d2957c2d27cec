import { describe, expect, it } from '@jest/globals';
import type { FromRunner, ResponsePart } from '../../runner-protocol.ts';
import { BrokerFetch } from './broker-fetch.ts';

type HttpFrame = Extract<FromRunner, { kind: 'http' }>;

function open(init: RequestInit = {}, url: string = 'https://api.test/x') {
  const frames: HttpFrame[] = [];
  const broker = new BrokerFetch((frame) => frames.push(frame as HttpFrame));
  const fetch = broker.for(7, 'Node-1');
  const answered = fetch(url, init);
  answered.catch(() => undefined);
  return {
    frames,
    fetch,
    answered,
    opened: async () => {
      for (let turn = 0; frames.length === 0 && turn < 100; turn += 1) await new Promise(setImmediate);
      return frames[0];
    },
    receive: (...parts: ResponsePart[]) => {
      for (const part of parts) broker.receive(frames[0]?.request ?? -1, part);
    },
  };
}

const head = (status = 200): ResponsePart => ({
  is: 'head',
  status,
  headers: [
    ['x-a', '1'],
    ['x-a', '2'],
  ],
});
const chunk = (text: string): ResponsePart => ({ is: 'chunk', base64: Buffer.from(text).toString('base64') });

describe('the fetch of a component', () => {
  it('crosses to the supervisor as it is, with the node that wants it', async () => {
    const { opened } = open({ method: 'POST', headers: { 'X-A': '1' }, body: 'é' });
    expect(await opened()).toEqual({
      kind: 'http',
      run: 7,
      request: 1,
      open: {
        nodeId: 'Node-1',
        method: 'POST',
        url: 'https://api.test/x',
        headers: [
          ['content-type', 'text/plain;charset=UTF-8'],
          ['x-a', '1'],
        ],
        base64: Buffer.from('é').toString('base64'),
      },
    });
  });

  it('gives the answer as it comes', async () => {
    const { opened, receive, answered } = open();
    await opened();
    receive(head(404), chunk('one '));
    const answer = await answered;
    expect([answer.status, answer.headers.get('x-a')]).toEqual([404, '1, 2']);
    receive(chunk('two'), { is: 'end' });
    expect(await answer.text()).toBe('one two');
  });

  it('gives each of several requests its own answer', async () => {
    const { opened, fetch, frames, receive, answered } = open();
    await opened();
    const second = fetch('https://api.test/y');
    expect(frames.map((frame) => frame.request)).toEqual([1, 2]);
    receive(head(), chunk('first'), { is: 'end' });
    expect(await (await answered).text()).toBe('first');
    await expect(Promise.race([second, 'not yet'])).resolves.toBe('not yet');
  });

  it.each([204, 205, 304])('takes a %d, which has no body', async (status) => {
    const { opened, receive, answered } = open();
    await opened();
    receive(head(status), { is: 'end' });
    expect((await answered).body).toBeNull();
  });

  it('fails for itself alone where the status is none that there is, and wants no more of it', async () => {
    const { opened, receive, answered, frames } = open();
    await opened();
    receive(head(999), chunk('x'), { is: 'end' });
    await expect(answered).rejects.toThrow('the status 999');
    expect(frames.slice(1)).toEqual([{ kind: 'http', run: 7, request: 1 }]);
  });

  it('fails with what the supervisor says, before and within the answer', async () => {
    const before = open();
    await before.opened();
    before.receive({ is: 'error', message: 'it was refused' });
    await expect(before.answered).rejects.toThrow(new TypeError('it was refused'));
    const within = open();
    await within.opened();
    within.receive(head(), chunk('x'), { is: 'error', message: 'it was cut' });
    await expect((await within.answered).text()).rejects.toThrow('it was cut');
  });

  it('ends at the supervisor when its signal does, and takes nothing that comes after', async () => {
    const stop = new AbortController();
    const { opened, receive, answered, frames } = open({ signal: stop.signal });
    await opened();
    receive(head());
    stop.abort(new Error('enough'));
    expect(frames.slice(1)).toEqual([{ kind: 'http', run: 7, request: 1 }]);
    receive(chunk('late'), { is: 'end' });
    await expect((await answered).text()).rejects.toThrow('enough');
  });

  it('is not opened where its signal has ended before', async () => {
    const { answered, frames } = open({ signal: AbortSignal.abort(new Error('enough')) });
    await expect(answered).rejects.toThrow('enough');
    expect(frames.filter((frame) => frame.open)).toEqual([]);
  });

  it('ends at the supervisor when nobody reads the answer any more', async () => {
    const { opened, receive, answered, frames } = open();
    await opened();
    receive(head(), chunk('x'));
    await (await answered).body?.cancel();
    expect(frames.slice(1)).toEqual([{ kind: 'http', run: 7, request: 1 }]);
  });
});
