import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { projectRoot } from '#libs/config';
import { freePort, KAFKA_WITHIN_MS, until, withKafka } from '#libs/testing';
import { hostPath, processes } from '../start/installation.ts';

const START_MS = 120_000;
const END_MS = 30_000;

interface Command {
  child: ChildProcess;
  said: string;
  exited: Promise<number | null>;
}

let directory: string;
let port: number;
let commands: Command[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-servers-'));
  // embedded Postgres runs as another user where we are root
  chmodSync(directory, 0o755);
  port = await freePort();
  commands = [];
});
afterEach(async () => {
  for (const { child } of commands) child.kill('SIGTERM');
  await allEnded();
  rmSync(directory, { recursive: true });
}, END_MS);

const left = () => processes().filter(({ text }) => text.includes(directory));
const allEnded = () => until('all has ended', () => left().length === 0, END_MS);

function run(what: string, env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [join(projectRoot(), 'scripts', 'servers.mjs'), what], {
    // a group of its own, as a shell gives it
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: hostPath(),
      JAVA_HOME: process.env['JAVA_HOME'] ?? '',
      HEADGATE_DATA_DIR: join(directory, 'data'),
      KAFKA_PORT: String(port),
      POSTGRES_PORT: String(port),
      ...env,
    },
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const command: Command = { child, said: '', exited };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      command.said += chunk;
    });
  commands.push(command);
  return command;
}

/** What the server says is to be set, when it says so. */
async function variable(command: Command, name: string): Promise<string> {
  return until(
    `${name} is said`,
    () => {
      if (command.child.exitCode !== null) throw new Error(`it ended:\n${command.said}`);
      return new RegExp(`^${name}=(.+)$`, 'm').exec(command.said)?.[1];
    },
    START_MS,
  );
}

async function ends(what: string, env: Record<string, string> = {}): Promise<string> {
  const command = run(what, env);
  expect(await command.exited).toBe(0);
  return command.said.replaceAll(/^(Installing|Generating|Building) .*\n/gm, '');
}

const interrupt = ({ child, exited }: Command) => {
  process.kill(-(child.pid ?? 0), 'SIGINT');
  return exited;
};

withKafka(describe)('a Kafka of one’s own', () => {
  it(
    'says where it is, keeps its topics, and ends with all it started where it is killed and at Ctrl-C',
    async () => {
      const brokers = `127.0.0.1:${port}`;
      const setup = () => ends('kafka-setup', { KAFKA_BROKERS: brokers, HEADGATE_PARTITIONS: '2' });
      const first = run('kafka-start');
      expect(await variable(first, 'KAFKA_BROKERS')).toBe(brokers);
      expect(await setup()).toMatch(/^made topic hg\.run\.event\.v1$/m);
      first.child.kill('SIGKILL');
      await first.exited;
      await allEnded();
      const second = run('kafka-start');
      expect(await variable(second, 'KAFKA_BROKERS')).toBe(brokers);
      expect(await setup()).toBe('all topics were there\n');
      expect(await interrupt(second)).toBe(0);
      await allEnded();
    },
    KAFKA_WITHIN_MS,
  );
});

describe('a Postgres of one’s own', () => {
  const rowsOf = async (url: string, statement: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  };

  it(
    'says where it is, ends with all it started at Ctrl-C or from another terminal, and keeps its data',
    async () => {
      const first = run('postgres-start');
      const url = await variable(first, 'DATABASE_URL');
      expect(new URL(url).host).toBe(`127.0.0.1:${port}`);
      await rowsOf(url, 'create table kept as select 1 as number');
      expect(await interrupt(first)).toBe(0);
      await allEnded();
      const second = run('postgres-start');
      expect(await variable(second, 'DATABASE_URL')).toBe(url);
      expect(await rowsOf(url, 'select number from kept')).toEqual([{ number: 1 }]);
      expect(await ends('postgres-stop')).toMatch(/^Postgres \(process \d+\) has ended\.$/m);
      expect(await second.exited).toBe(0);
      await allEnded();
      expect(await ends('postgres-stop')).toBe(`No Postgres runs in ${join(directory, 'data-postgres')}.\n`);
    },
    START_MS,
  );

  it(
    'says where its port is taken, and what to set',
    async () => {
      const first = run('postgres-start');
      await variable(first, 'DATABASE_URL');
      const second = run('postgres-start', { HEADGATE_DATA_DIR: join(directory, 'other') });
      expect(await second.exited).toBe(1);
      expect(second.said).toContain(
        `The port ${port} is taken: stop what listens there, or set POSTGRES_PORT to another one.`,
      );
    },
    START_MS,
  );
});
