import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { until } from '#libs/testing';
import { findPostgresBinaries } from './binaries.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

describe('the embedded Postgres', () => {
  let root: string;
  let directory: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'headgate-embedded-'));
    // the server's own user must reach its directory
    chmodSync(root, 0o711);
    directory = join(root, 'x'.repeat(90), 'postgres');
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const ask = async (url: string, statement: string) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const pidOf = () => Number.parseInt(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8'), 10);

  it('keeps what it was told from one start to the next, however long its path', async () => {
    const first = new EmbeddedPostgres({ directory, isDurable: false });
    await ask(await first.start(), 'create table kept as select 1 as number');
    await first.stop();
    expect(existsSync(join(directory, 'data', 'postmaster.pid'))).toBe(false);
    const second = new EmbeddedPostgres({ directory, isDurable: false });
    expect(await ask(await second.start(), 'select number from kept')).toEqual([{ number: 1 }]);
    await second.stop();
  });

  it('is reached by its own user alone, without a port', async () => {
    const postgres = new EmbeddedPostgres({ directory, isDurable: true });
    const url = await postgres.start();
    expect(
      await ask(url, `select current_setting('listen_addresses') as port, current_setting('fsync') as fsync`),
    ).toEqual([{ port: '', fsync: 'on' }]);
    expect(statSync(directory).mode & 0o077).toBe(0);
    expect(statSync(join(directory, 'admin-password')).mode & 0o077).toBe(0);
    const stranger = new URL(url);
    stranger.password = 'guessed';
    await expect(ask(stranger.href, 'select')).rejects.toMatchObject({ code: '28P01' });
    await postgres.stop();
  });

  it('ends a server that was left behind on its data', async () => {
    const { postgres: binary } = await findPostgresBinaries();
    const sockets = mkdtempSync(join(root, 's-'));
    chmodSync(sockets, 0o777);
    const leftBehind = spawn(
      binary,
      ['-D', join(directory, 'data'), '-c', 'listen_addresses=', '-c', `unix_socket_directories=${sockets}`],
      { ...unprivilegedUser(), cwd: directory, detached: true, stdio: 'ignore', env: {} },
    );
    const ended = new Promise((resolve) => leftBehind.once('exit', resolve));
    await until('the other server has written its pid', () => {
      return existsSync(join(directory, 'data', 'postmaster.pid')) && pidOf() === leftBehind.pid;
    });
    const postgres = new EmbeddedPostgres({ directory, isDurable: false });
    const url = await postgres.start();
    await ended;
    expect(pidOf()).not.toBe(leftBehind.pid);
    expect(await ask(url, 'select number from kept')).toEqual([{ number: 1 }]);
    await postgres.stop();
  });

  it('leaves a stranger alone who was given the number in its pid file', async () => {
    const stranger = spawn(
      process.execPath,
      ['-e', 'process.stdin.resume()', 'postgres', '-D', join(root, 'elsewhere')],
      { stdio: ['pipe', 'ignore', 'ignore'] },
    );
    writeFileSync(join(directory, 'data', 'postmaster.pid'), `${stranger.pid}\n`);
    const postgres = new EmbeddedPostgres({ directory, isDurable: false });
    // where the stranger is of the same user, Postgres itself is careful and does not start
    await postgres.start().catch(() => undefined);
    await postgres.stop();
    const ended = new Promise((resolve) => stranger.once('exit', (code) => resolve(code)));
    stranger.stdin.end();
    expect(await ended).toBe(0);
    rmSync(join(directory, 'data', 'postmaster.pid'), { force: true });
  });

  it('is started again where it ends by itself, and says so', async () => {
    const reasons: string[] = [];
    const restarted = (reason: string) => reasons.push(reason);
    const postgres = new EmbeddedPostgres({ directory, isDurable: false, restarted });
    const url = await postgres.start();
    const pid = pidOf();
    process.kill(pid, 'SIGKILL');
    const rows = await until('it answers again', () =>
      ask(url, 'select number from kept').catch(() => undefined),
    );
    expect(rows).toEqual([{ number: 1 }]);
    expect(reasons[0]).toBe('Postgres ended by itself (SIGKILL) and is started again');
    expect(pidOf()).not.toBe(pid);
    await postgres.stop();
  });

  it('says where to look when it cannot start', async () => {
    const postgres = new EmbeddedPostgres({ directory, isDurable: false });
    await rm(join(directory, 'data', 'global'), { recursive: true });
    await expect(postgres.start()).rejects.toThrow(
      /^Postgres did not start, it ended with \d+; see .+postgres\.log\.$/,
    );
    await postgres.stop();
  });
});
