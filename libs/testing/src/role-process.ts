import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import { until } from './until.ts';

export type Role = 'gateway' | 'conductor' | 'executor' | 'recorder';

const READY_MS = 30_000;

/** One process of a role: started, killed, frozen, ended. */
export class RoleProcess {
  private child: ChildProcess | undefined;
  private said = '';
  private isEnded = true;

  constructor(
    readonly role: Role,
    /** Where it tells whether it is well; of a gateway, where it listens. */
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isUp(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** We ended it, or it never was ready. */
  get wasEnded(): boolean {
    return this.isEnded;
  }

  /** Whatever of its log it is asked for, of this life. */
  get log(): string {
    return this.said;
  }

  launch(): void {
    this.said = '';
    const libs = join(projectRoot(), 'dist', 'libs');
    const telemetry = join(libs, 'telemetry', 'src', 'start-telemetry.js');
    const program = join(libs, 'testing', 'src', 'role-with-faults.js');
    const child = spawn(process.execPath, ['--no-warnings', '--import', telemetry, program, this.role], {
      env: { PATH: process.env['PATH'], ...this.env },
      // the pipe between us tells it when we are killed
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        this.said = (this.said + chunk).slice(-100_000);
      });
    this.child = child;
  }

  async start(): Promise<this> {
    this.launch();
    await until(
      `the ${this.role} is ready`,
      async () => {
        if (!this.isUp) throw new Error(`the ${this.role} ended:\n${this.said}`);
        return await fetch(`${this.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      READY_MS,
    );
    this.isEnded = false;
    return this;
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  kill(): Promise<number | null> {
    return this.endBy('SIGKILL');
  }

  end(): Promise<number | null> {
    return this.endBy('SIGTERM');
  }

  private async endBy(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    this.isEnded = true;
    if (!child || !this.isUp) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.kill(signal);
    return ended;
  }
}
