import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import type { FromRole, PointFault, ToRole } from './failpoint-traps.ts';
import type { FailpointName } from './failpoints.ts';
import { until } from './until.ts';

export type Role = 'gateway' | 'conductor' | 'executor' | 'recorder';

const READY_MS = 30_000;

/** One process of a role: started, killed, frozen, ended. */
export class RoleProcess {
  private child: ChildProcess | undefined;
  /** Whatever of its log it is asked for, of this life. */
  log = '';
  /** We ended it, or it never was ready. */
  isEnded = true;
  private armings = 0;

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

  launch(): void {
    this.log = '';
    const libs = join(projectRoot(), 'dist', 'libs');
    const telemetry = join(libs, 'telemetry', 'src', 'start-telemetry.js');
    const [skew, program] = ['skewed-clock.js', 'role-with-faults.js'].map((name) =>
      join(libs, 'testing', 'src', name),
    ) as [string, string];
    const imports = [skew, telemetry].flatMap((module) => ['--import', module]);
    const child = spawn(process.execPath, ['--no-warnings', ...imports, program, this.role], {
      env: { PATH: process.env['PATH'], ...this.env },
      // the pipe between us tells it when we are killed
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        this.log = (this.log + chunk).slice(-100_000);
      });
    this.child = child;
  }

  async start(): Promise<this> {
    this.launch();
    await until(
      `the ${this.role} is ready`,
      async () => {
        if (!this.isUp) throw new Error(`the ${this.role} ended`);
        return await fetch(`${this.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      READY_MS,
    ).catch((cause: Error) => {
      throw new Error(`${cause.message}; it has said:\n${this.log}`);
    });
    this.isEnded = false;
    return this;
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Whether it comes to a failpoint before it is disarmed or ends; there it is hit at once. */
  async arm(point: FailpointName, fault: PointFault): Promise<boolean> {
    const { child } = this;
    if (!child?.connected || this.isEnded) return false;
    this.armings += 1;
    const number = this.armings;
    const answered = Promise.withResolvers<boolean>();
    const hear = (said: FromRole) => {
      if (said.number === number) answered.resolve(said.kind === 'reached');
    };
    child.on('message', hear);
    child.once('disconnect', () => answered.resolve(false));
    this.tell({ kind: 'arm', number, point, fault });
    const isHit = await answered.promise;
    child.off('message', hear);
    if (isHit && fault === 'SIGKILL') this.isEnded = true;
    return isHit;
  }

  disarm(): void {
    this.tell({ kind: 'disarm', number: this.armings });
  }

  /** Of one that waits at a failpoint. */
  goOn(): void {
    this.tell({ kind: 'go on' });
  }

  kill(): Promise<number | null> {
    return this.endBy('SIGKILL');
  }

  end(): Promise<number | null> {
    return this.endBy('SIGTERM');
  }

  private tell(message: ToRole): void {
    // one that is dead hears nothing
    this.child?.send(message, () => undefined);
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
