import { type Sandbox, SandboxDriver } from '#libs/sandbox';

type SandboxEvents = Parameters<SandboxDriver['start']>[1];

/** A process that says and does what the test wants, and remembers what it was sent. */
export class ScriptedSandbox implements Sandbox {
  readonly sent: unknown[] = [];
  isKilled = false;
  isPaused = false;
  private hasExited = false;

  constructor(
    readonly pid: number,
    private readonly events: SandboxEvents,
  ) {}

  send(frame: unknown): void {
    this.sent.push(frame);
  }

  async whenDrained(): Promise<void> {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  kill(): void {
    this.isKilled = true;
  }

  say(frame: unknown): void {
    this.events.frame(frame);
  }

  ready(): void {
    this.say({ kind: 'ready' });
  }

  exit(reason = 'it ended with 1'): void {
    if (this.hasExited) return;
    this.hasExited = true;
    this.events.exit(reason);
  }
}

/** A driver without processes: the test plays them. */
export class ScriptedDriver extends SandboxDriver {
  readonly name = 'scripted';
  readonly guarantees = [];
  readonly sandboxes: ScriptedSandbox[] = [];
  isClosed = false;

  start(_program: unknown, events: SandboxEvents): ScriptedSandbox {
    const sandbox = new ScriptedSandbox(this.sandboxes.length, events);
    this.sandboxes.push(sandbox);
    return sandbox;
  }

  /** The process that was started as the n-th, from 0. */
  sandbox(index: number): ScriptedSandbox {
    const sandbox = this.sandboxes[index];
    if (!sandbox) throw new Error(`only ${this.sandboxes.length} processes were started`);
    return sandbox;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** What a scripted driver is asked to start; it starts nothing. */
export const NO_PROGRAM = { entry: 'none', readable: [], memoryMiB: 1, maxFrameBytes: 1 };
