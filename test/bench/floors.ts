import { fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { newId } from '#libs/kernel';
import { BODY, load, type Measured, quantile } from './load.ts';
import { floorLine, type Line } from './report.ts';

/** What the same machine does, in the same run, without a product in between. */
export interface Floors {
  insertMs: number;
  childStartMs: number;
  echoPerSecond: number;
  lines: Line[];
}

const CALLERS = 32;

export async function takeFloors(databaseUrl: string, seconds: number): Promise<Floors> {
  const insertMs = await durableInsertMs(databaseUrl, 500);
  const childStartMs = await bareChildStartMs(20);
  const childAnswerMs = await bareChildAnswerMs(200);
  const alone = await bareEcho(BODY, 1, Math.min(seconds, 2));
  const together = await bareEcho(BODY, CALLERS, seconds);
  const echoMs = quantile(alone.latenciesMs, 0.5);
  const lines = [
    floorLine('durable insert, p50', insertMs, 'ms'),
    floorLine('bare child process, start to first word, p50', childStartMs, 'ms'),
    floorLine('bare child process, a word there and back, p50', childAnswerMs, 'ms'),
    floorLine('bare Fastify echo, one caller, p50', echoMs, 'ms'),
    floorLine(`bare Fastify echo, ${CALLERS} callers`, together.perSecond, '/s'),
    floorLine(
      'echo, three inserts and a word to a child, added up',
      echoMs + 3 * insertMs + childAnswerMs,
      'ms',
    ),
  ];
  return { insertMs, childStartMs, echoPerSecond: together.perSecond, lines };
}

async function bareEcho(body: string, callers: number, seconds: number): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'bare-echo.js'));
  const port = await new Promise<number>((resolve) =>
    child.once('message', (message) => resolve(Number(message))),
  );
  const target = {
    url: `http://127.0.0.1:${port}`,
    path: '/echo',
    headers: { 'content-type': 'application/json' },
    body,
    status: 200,
  };
  await load(target, callers, 1);
  const measured = await load(target, callers, seconds);
  child.disconnect();
  return measured;
}

export async function durableInsertMs(databaseUrl: string, rounds: number): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('create table if not exists bench_floor (id uuid primary key, payload text)');
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await client.query({
      name: 'floor',
      text: 'insert into bench_floor values ($1, $2)',
      values: [newId(), 'x'.repeat(300)],
    });
    times.push(performance.now() - startedMs);
  }
  await client.query('drop table bench_floor');
  await client.end();
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

async function bareChildStartMs(rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      const child = spawn(process.execPath, ['-e', 'process.stdout.write("x")'], {
        env: {},
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      child.stdout.once('data', () => times.push(performance.now() - startedMs));
      child.once('close', () => resolve());
    });
  }
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

async function bareChildAnswerMs(rounds: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)'], {
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    const answered = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('x'.repeat(300));
    await answered;
    times.push(performance.now() - startedMs);
  }
  child.kill();
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}
