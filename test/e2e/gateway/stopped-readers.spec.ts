import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { ApiClient, chain, chatInput, chatOutput, prompt, until } from '#libs/testing';
import type { RunView } from './world.ts';

const MiB = 1024 * 1024;
const READERS = 200;

describe('readers that stop reading', () => {
  let child: ChildProcess;
  let url: string;
  let sockets: Socket[] = [];
  beforeAll(async () => {
    child = fork(new URL('ring-process.mjs', import.meta.url), { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } });
    const [{ url: at }] = await once(child, 'message');
    url = at;
  });
  afterAll(async () => {
    child.disconnect();
    await once(child, 'exit');
  });
  const ask = async <Body>(message: object) => {
    child.send(message);
    return (await once(child, 'message'))[0] as Body;
  };
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });
  /** A reader that asks, and then takes nothing of the answer. */
  const stopped = (path: string, key: string) =>
    new Promise<Socket>((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connect({ host: hostname, port: Number(port) });
      socket.pause();
      socket.on('error', reject);
      socket.on('connect', () => {
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\naccept: text/event-stream\r\n\r\n`, () => resolve(socket));
      });
    });

  it('cost the process little: two hundred of a long log', async () => {
    const prompts = Array.from({ length: 100 }, (_, i) => prompt(`Prompt-${i}`, '{in}', ['in']));
    const { token } = await ask<{ token: string }>({ definition: chain(chatInput(), ...prompts, chatOutput()) });
    const api = new ApiClient(url, token);
    const { body: run } = await api.post<RunView>('/v1/deployments/long/runs?wait=20', { input: 'x'.repeat(60_000) });
    const path = `/v1/runs/${run.id}/events`;
    const { events } = await api.stream(path);
    let bytes = 0;
    for await (const { data } of events) bytes += data.length;
    console.log('bytes', bytes);
    const rss = async () => (await ask<{ rssBytes: number }>({})).rssBytes;
    await sleep(500);
    const before = await rss();
    const t = performance.now();
    sockets = await Promise.all(Array.from({ length: READERS }, () => stopped(path, token)));
    for (let i = 0; i < 40; i++) {
      await sleep(250);
      console.log(performance.now() - t, before/MiB, (await rss() - before) / MiB, readFileSync('/proc/net/sockstat', 'utf8').split('\n')[1]);
    }
  }, 60000);
});
