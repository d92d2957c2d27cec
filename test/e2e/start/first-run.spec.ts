import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '#libs/testing';
import { Installation, type Started, shell } from './installation.ts';

const READY_TWICE_MS = 2 * 3_000;
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('a first start', () => {
  let installation: Installation;
  let started: Started;
  beforeAll(async () => {
    installation = await Installation.create();
    started = await installation.start();
  }, 60_000);
  afterAll(() => installation.dispose(), 60_000);

  it('says what it does to the database, where it is, and what to copy', () => {
    expect(started.output).toMatch(/^database: applied \d+_tenants$/m);
    expect(started.url).toBe(`http://127.0.0.1:${installation.port}`);
    expect(started.commands).toHaveLength(2);
  });

  (hasCurl ? describe : describe.skip)('what is there to copy, with curl', () => {
    it('makes the first run', async () => {
      const run = JSON.parse(await shell(started.commands[0] ?? ''));
      expect(run).toMatchObject({ status: 'succeeded', output: { text: 'Hello, world!' } });
    });

    it('makes it as a stream, with another header', async () => {
      const command = started.commands[0]?.replace('prefer: wait=10', 'accept: text/event-stream') ?? '';
      const types = [...(await shell(command)).matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
      expect(types).toEqual(
        expect.arrayContaining(['run.queued', 'run.started', 'message.added', 'run.succeeded']),
      );
      expect(types.at(-1)).toBe('end');
    });

    it('gives the installation an owner, once', async () => {
      const command = started.commands[1] ?? '';
      const session = JSON.parse(await shell(command));
      const owner = new ApiClient(started.url, session.accessToken);
      expect(await owner.get('/v1/deployments')).toMatchObject({
        status: 200,
        body: { data: [{ name: 'hello' }] },
      });
      expect(JSON.parse(await shell(command))).toMatchObject({ status: 401 });
    });
  });

  it('is there again after Ctrl-C, in a moment and with its history', async () => {
    const key = started.key;
    const api = () => new ApiClient(started.url, key);
    const { body: run } = await api().post<{ id: string }>(
      '/v1/deployments/hello/runs',
      { input: 'again' },
      { prefer: 'wait=10' },
    );
    expect(await started.interrupt()).toBe(0);
    expect(installation.processes()).toEqual([]);
    const startedMs = performance.now();
    started = await installation.start();
    const readyMs = performance.now() - startedMs;
    // what is measured is the product alone
    expect(started.output).not.toMatch(/Installing|Generating|Building|applied/);
    expect(readyMs).toBeLessThan(READY_TWICE_MS);
    expect(await api().get(`/v1/runs/${run.id}`)).toMatchObject({
      status: 200,
      body: { output: { text: 'Hello, again!' } },
    });
  }, 60_000);
});
