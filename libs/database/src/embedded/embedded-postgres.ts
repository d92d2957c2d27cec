import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppStartError, isAlive } from '#libs/kernel';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts';
import { type UnixUser, unprivilegedUser } from './unprivileged-user.ts';

export interface EmbeddedPostgresOptions {
  directory: string;
  /** Whether a commit survives a power cut. Only tests say no. */
  isDurable: boolean;
  /** Of 127.0.0.1, for whoever has the password; without it there is none. */
  port?: number;
  /** Told when the server ended by itself and was started again. */
  restarted?: (reason: string) => void;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const SOCKET = '.s.PGSQL.5432.lock';
const MAX_SOCKET_PATH = 100;

/** A Postgres of one's own in a directory. A server that a killed process left running there is ended first. */
export class EmbeddedPostgres {
  private readonly data: string;
  private binaries: PostgresBinaries | undefined;
  private user: UnixUser | undefined;
  /** Nobody but this machine's owner reaches it there. */
  private socketDirectory = '';
  private isReady = false;
  private isStopping = false;
  private lastExit: string | undefined;

  constructor(private readonly options: EmbeddedPostgresOptions) {
    this.data = join(options.directory, 'data');
  }

  /** Resolves with the administrator's URL of the server. */
  async start(): Promise<string> {
    this.binaries = await findPostgresBinaries();
    this.user = unprivilegedUser();
    // the unprivileged user must be able to reach its own directory
    mkdirSync(dirname(this.options.directory), { recursive: true, mode: 0o700 });
    if (this.user) chmodSync(dirname(this.options.directory), 0o711);
    mkdirSync(this.options.directory, { recursive: true, mode: 0o700 });
    if (this.user) chownSync(this.options.directory, this.user.uid, this.user.gid);
    if (!existsSync(join(this.data, 'PG_VERSION'))) this.initialise(this.binaries);
    await this.shutDown();
    this.socketDirectory = this.chooseSocketDirectory();
    this.launch();
    await this.waitUntilReady();
    return this.url();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.shutDown();
    if (this.socketDirectory !== this.options.directory)
      rmSync(this.socketDirectory, { recursive: true, force: true });
  }

  /** Ends the server that runs on our data, whoever started it. */
  private async shutDown(): Promise<void> {
    const pid = this.runningPid();
    if (!pid) return;
    // Postgres's fast shutdown
    process.kill(pid, 'SIGINT');
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (isAlive(pid) && Date.now() < deadline) await sleep(20);
  }

  private url(): string {
    const password = readFileSync(this.passwordFile(), 'utf8').trim();
    const { port } = this.options;
    return port === undefined
      ? `postgresql://postgres:${password}@localhost/postgres?host=${encodeURIComponent(this.socketDirectory)}`
      : `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  }

  private passwordFile(): string {
    return join(this.options.directory, 'admin-password');
  }

  private initialise({ initdb }: PostgresBinaries): void {
    rmSync(this.data, { recursive: true, force: true });
    writeFileSync(this.passwordFile(), randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (this.user) chownSync(this.passwordFile(), this.user.uid, this.user.gid);
    const made = spawnSync(
      initdb,
      [
        '-D',
        this.data,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        '--pwfile',
        this.passwordFile(),
        '-E',
        'UTF8',
        '--locale',
        'C',
        '--no-instructions',
      ],
      { ...this.user, cwd: this.options.directory, encoding: 'utf8', env: {} },
    );
    if (made.status !== 0) {
      rmSync(this.data, { recursive: true, force: true });
      throw new AppStartError(
        `Postgres could not be initialised in ${this.data}: ${(made.stderr || String(made.error)).trim()}`,
      );
    }
  }

  /** The path of a socket may hold a hundred characters or so; a data directory can be longer. */
  private chooseSocketDirectory(): string {
    const { directory } = this.options;
    if (join(directory, SOCKET).length <= MAX_SOCKET_PATH) return directory;
    const short = mkdtempSync(join(tmpdir(), 'headgate-'));
    if (this.user) chownSync(short, this.user.uid, this.user.gid);
    return short;
  }

  private launch(): void {
    if (!this.binaries) throw new Error('start() comes first');
    const log = openSync(join(this.options.directory, 'postgres.log'), 'a');
    // a session of its own: Ctrl-C in a terminal must not reach it before we have drained
    const server = spawn(this.binaries.postgres, ['-D', this.data, ...this.settings()], {
      ...this.user,
      cwd: this.options.directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: {},
    });
    closeSync(log);
    server.unref();
    server.once('exit', (code, signal) => {
      this.lastExit = String(signal ?? code);
      if (this.isStopping || !this.isReady) return;
      this.options.restarted?.(`Postgres ended by itself (${this.lastExit}) and is started again`);
      setTimeout(() => this.launch(), 500).unref();
    });
  }

  private settings(): string[] {
    const { port } = this.options;
    const settings: Record<string, string | number> = {
      listen_addresses: port === undefined ? '' : '127.0.0.1',
      ...(port !== undefined && { port }),
      unix_socket_directories: this.socketDirectory,
      unix_socket_permissions: '0700',
      max_connections: 100,
      shared_buffers: '128MB',
      max_wal_size: '1GB',
      checkpoint_timeout: '15min',
      wal_level: 'minimal',
      max_wal_senders: 0,
      jit: 'off',
      io_method: 'sync',
      random_page_cost: 1.1,
      max_parallel_workers_per_gather: 0,
      autovacuum_naptime: '15s',
      log_min_messages: 'warning',
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      ...(this.options.isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    };
    return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  }

  private async waitUntilReady(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const client = new pg.Client({ connectionString: this.url() });
      try {
        await client.connect();
        await client.end();
        this.isReady = true;
        return;
      } catch (cause) {
        if (this.lastExit !== undefined || Date.now() > deadline) {
          const reason =
            this.lastExit === undefined ? (cause as Error).message : `it ended with ${this.lastExit}`;
          throw new AppStartError(
            `Postgres did not start, ${reason}; see ${join(this.options.directory, 'postgres.log')}.`,
          );
        }
        await sleep(15);
      }
    }
  }

  /** A pid file can outlive a reboot, and its number can then be anybody's. */
  private runningPid(): number | undefined {
    const path = join(this.data, 'postmaster.pid');
    if (!existsSync(path)) return undefined;
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return pid > 0 && pid !== process.pid && isAlive(pid) && isServerOf(pid, this.data) ? pid : undefined;
  }
}

/** Only one that is seen to be ours: anything else is left alone. */
function isServerOf(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0-D\0${data}\0`);
  } catch {
    const shown = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return `${shown.stdout ?? ''} `.includes(` -D ${data} `);
  }
}
