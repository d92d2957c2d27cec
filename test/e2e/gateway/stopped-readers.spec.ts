import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiClient, chain, chatInput, chatOutput, fault, prompt, TestRing, until } from '#libs/testing';
import { RunWatches } from '../../../apps/gateway/src/runs/run-watches.ts';
import { endedRun, type RunView } from './world.ts';

const MiB = 1024 * 1024;
const READERS = 200;
const OBSERVED_MS = 4_000;
/** Each node of the chain gives it on once more: more than a connection takes for one who does not read. */
const INPUT = 'x'.repeat(60_000);
const prompts = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => prompt(`${name}-${index}`, '{in}', ['in']));

/** What the collector leaves lying about is kept small, so that what grows is what is held. */
const TIDY = ['--max-semi-space-size=4', '--max-old-space-size=128'];

describe('readers that stop reading', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
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
    return socket;
  };
  const start = (api: ApiClient, wait = '') =>
    api.post<RunView>(`/v1/deployments/long/runs${wait}`, { input: INPUT });

  it('are cut when too much is unsent, and the run does not notice', async () => {
    const ring = await TestRing.start();
    const tenant = await ring.tenant();
    const watches = ring.standalone.gateway.get(RunWatches);
    const pause = fault('TestSleep', 'Sleep-1', 1_200);
    const flow = chain(chatInput(), ...prompts(90, 'Early'), pause, ...prompts(12, 'Late'), chatOutput());
    const { token } = await tenant.deploy('long', flow);
    const { body: run } = await start(tenant.api);
    const path = `/v1/runs/${run.id}/events`;
    const socket = await stopped(ring.url, path, token);
    await until('it is watched', () => watches.size === 1);
    // one that is merely slow at the end is kept for a minute
    await until('it is watched no longer', () => watches.size === 0);
    let taken = '';
    socket.on('data', (chunk) => {
      taken += chunk;
    });
    await once(socket.resume(), 'close');
    expect(taken).not.toContain('event: end');
    expect((await endedRun(tenant.api, run.id)).status).toBe('succeeded');
    const { events } = await tenant.api.stream(path);
    const types: string[] = [];
    for await (const { type } of events) types.push(type);
    expect(types.slice(-2)).toEqual(['run.succeeded', 'end']);
    await ring.dispose();
  });

  it('cost the process little: two hundred of a long log', async () => {
    const flow = JSON.stringify(chain(chatInput(), ...prompts(100, 'Prompt'), chatOutput()));
    const child: ChildProcess = fork(new URL('ring-process.ts', import.meta.url), [flow], {
      execArgv: TIDY,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }];
    const rss = async () => {
      child.send('how large?');
      const [{ rssBytes }] = (await once(child, 'message')) as [{ rssBytes: number }];
      return rssBytes / MiB;
    };
    const api = new ApiClient(url, token);
    const { body: run } = await start(api, '?wait=20');
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
    expect(Math.max(...growths)).toBeLessThan(60);
    // those who read are served meanwhile
    expect((await start(api, '?wait=20')).body.status).toBe('succeeded');
    child.disconnect();
    await once(child, 'exit');
  }, 60_000);
});
