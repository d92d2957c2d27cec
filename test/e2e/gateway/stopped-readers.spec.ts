import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiClient, chain, chatInput, chatOutput, prompt } from '#libs/testing';
import type { RunView } from './world.ts';

const MiB = 1024 * 1024;
const READERS = 200;
const OBSERVED_MS = 3_000;
const MOST_GROWTH_MIB = 60;
/** Each node of the chain gives it on once more: more than a connection takes for one who does not read. */
const INPUT = 'x'.repeat(60_000);
const PROMPTS = Array.from({ length: 100 }, (_, index) => prompt(`Prompt-${index}`, '{in}', ['in']));

/** What the collector leaves lying about is kept small, so that what grows is what is held. */
const TIDY = ['--max-semi-space-size=4', '--max-old-space-size=144'];

describe('readers that stop reading', () => {
  const sockets: Socket[] = [];
  const ending: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const end of ending.splice(0)) await end();
  });

  /** A reader that asks, and then takes nothing of the answer. */
  const stopped = async (url: string, path: string, token: string) => {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) }).pause();
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nx-api-key: ${token}\r\naccept: text/event-stream\r\n\r\n`,
    );
  };
  const runOnce = (api: ApiClient) =>
    api.post<RunView>('/v1/deployments/long/runs?wait=20', { input: INPUT });

  it('cost the process little: two hundred of a long log', async () => {
    const flow = JSON.stringify(chain(chatInput(), ...PROMPTS, chatOutput()));
    const child: ChildProcess = fork(new URL('ring-process.ts', import.meta.url), [flow], {
      execArgv: TIDY,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    ending.push(() => {
      if (!child.connected) return Promise.resolve();
      child.disconnect();
      return once(child, 'exit');
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the ring ended with ${code}`);
    });
    // it ends in the end
    ended.catch(() => undefined);
    const said = async <Message>() => {
      const [message] = await Promise.race([once(child, 'message'), ended]);
      return message as Message;
    };
    const { url, token } = await said<{ url: string; token: string }>();
    const rss = async () => {
      child.send('how large?');
      return (await said<{ rssBytes: number }>()).rssBytes / MiB;
    };
    const api = new ApiClient(url, token);
    const { body: run } = await runOnce(api);
    const path = `/v1/runs/${run.id}/events`;
    const { events } = await api.stream(path);
    let characters = 0;
    for await (const { data } of events) characters += data.length;
    expect(characters).toBeGreaterThan(6_000_000);

    const before = await rss();
    await Promise.all(Array.from({ length: READERS }, () => stopped(url, path, token)));
    const growths: number[] = [];
    for (const began = performance.now(); performance.now() - began < OBSERVED_MS; await sleep(100))
      growths.push((await rss()) - before);
    expect(Math.max(...growths)).toBeLessThan(MOST_GROWTH_MIB);
    // there is room for others meanwhile
    expect((await api.get(`/v1/runs/${run.id}`)).status).toBe(200);
  }, 60_000);
});
