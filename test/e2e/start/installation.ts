import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '#libs/config';
import { ApiClient, freePort, until } from '#libs/testing';

const READY_MS = 60_000;
const END_MS = 30_000;

/** One `npm start`, as its user sees it: what it prints, and what is there to copy. */
export class Started {
  output = '';
  readonly exited: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => (this.output += chunk));
    child.stderr?.on('data', (chunk) => (this.output += chunk));
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  /** Resolves when it says that it is ready, and fails with what it said where it ends before. */
  async ready(): Promise<this> {
    await until(
      'Headgate is ready',
      () => {
        if (this.child.exitCode !== null) throw new Error(`it ended:\n${this.output}`);
        return this.output.includes('Ctrl-C ends it.');
      },
      READY_MS,
    );
    return this;
  }

  /** What the product says, without what the scripts had to make before. */
  get said(): string {
    return this.output.replaceAll(/^(Installing|Generating|Building) .*\n/gm, '');
  }

  get url(): string {
    return /ready at (\S+)/.exec(this.output)?.[1] ?? '';
  }

  get key(): string {
    return /Bearer (\S+)'/.exec(this.output)?.[1] ?? '';
  }

  /** The commands that are there to copy, in their order. */
  get commands(): string[] {
    return [...this.output.matchAll(/^ {2}(curl (?:.*\\\n)*.*)$/gm)].map(([, command = '']) => command);
  }

  /** Whoever takes the installation with the last of the commands. */
  async owner(): Promise<ApiClient> {
    const [, body = '{}'] = /-d '(.*)'$/m.exec(this.commands.at(-1) ?? '') ?? [];
    const answer = await new ApiClient(this.url).post<{ accessToken: string }>(
      '/v1/bootstrap',
      JSON.parse(body),
    );
    return new ApiClient(this.url, answer.body.accessToken);
  }

  /** The runners of its executor. */
  get runners(): number[] {
    const all = processes();
    const isOurs = (pid: number): boolean =>
      pid === this.child.pid || all.some((one) => one.pid === pid && one.parent > 1 && isOurs(one.parent));
    return all
      .filter(({ text, pid }) => text.includes('engines/native/main') && isOurs(pid))
      .map(({ pid }) => pid);
  }

  /** As Ctrl-C does, to all that stand in the foreground of the terminal. */
  async interrupt(): Promise<number | null> {
    process.kill(-(this.child.pid ?? 0), 'SIGINT');
    return this.exited;
  }

  /** The processes of the product at once, as a power cut would; what they started is not touched. */
  async kill(): Promise<void> {
    process.kill(-(this.child.pid ?? 0), 'SIGKILL');
    await this.exited;
  }
}

export interface StartOptions {
  env?: Record<string, string>;
  /** The Node that starts the scripts. */
  node?: string;
  user?: { uid: number; gid: number };
  /** What the scripts are made to believe of their process first, in JavaScript. */
  pretence?: string;
}

/** A data directory of its own, and a port. */
export class Installation {
  readonly directory: string;
  private readonly started: Started[] = [];

  private constructor(readonly port: number) {
    this.directory = mkdtempSync(join(tmpdir(), 'headgate-start-'));
    // embedded Postgres runs as another user where we are root
    chmodSync(this.directory, 0o755);
  }

  static async create(): Promise<Installation> {
    return new Installation(await freePort());
  }

  get data(): string {
    return join(this.directory, 'data');
  }

  launch({ env = {}, node = process.execPath, user, pretence = '' }: StartOptions = {}): Started {
    const child = spawn(node, [...pretending(pretence), join(projectRoot(), 'scripts', 'start.mjs')], {
      // a group of its own, as a shell gives it
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: hostPath(),
        HOME: this.directory,
        HEADGATE_DATA_DIR: this.data,
        HEADGATE_PORT: String(this.port),
        ...env,
      },
      ...user,
    });
    const started = new Started(child);
    this.started.push(started);
    return started;
  }

  start(options?: StartOptions): Promise<Started> {
    return this.launch(options).ready();
  }

  /** Every process that works for this installation, whoever is its parent. */
  processes(): Process[] {
    return processes().filter(({ text }) => text.includes(this.directory));
  }

  async dispose(): Promise<void> {
    for (const { child } of this.started) if (child.exitCode === null) child.kill('SIGINT');
    await Promise.all(this.started.map(({ exited }) => exited));
    // left behind by what was killed
    for (const { pid } of this.processes()) end(pid);
    await until('all has ended', () => this.processes().length === 0, END_MS);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What a shell gives for a command: what it prints, in the order in which it comes. */
export async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: 30_000 });
  return stdout;
}

export interface Process {
  pid: number;
  parent: number;
  /** Its arguments, and its environment where that can be read. */
  text: string;
}

export function processes(): Process[] {
  if (existsSync('/proc/self/stat'))
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(processOf);
  const shown = execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return [...shown.matchAll(/^\s*(\d+)\s+(\d+) (.*)$/gm)].map(([, pid, parent, text = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    text,
  }));
}

function processOf(pid: string): Process[] {
  try {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
    const stat = read('stat');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return [];
    const text = `${read('cmdline')} ${read('environ')}`.replaceAll('\0', ' ');
    return [{ pid: Number(pid), parent: Number(parent), text }];
  } catch {
    // it has ended, or belongs to another user
    return [];
  }
}

/** What the machine has without what the project installs. */
export function hostPath(): string {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter);
}

function pretending(pretence: string): string[] {
  return pretence === '' ? [] : ['--import', `data:text/javascript,${pretence}`];
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // it has ended by itself
  }
}
