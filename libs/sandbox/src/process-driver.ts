import { type ChildProcess, spawn } from 'node:child_process';
import { encodeFrame, FrameReader } from './frames.ts';
import { Reaper } from './reaper.ts';
import {
  type Guarantee,
  type Sandbox,
  SandboxDriver,
  type SandboxEvents,
  type SandboxProgram,
} from './sandbox-driver.ts';

/**
 * A child process with an empty environment, Node's permission model and a heap limit: enough for components of ours,
 * not for code of strangers.
 */
export class ProcessDriver extends SandboxDriver {
  readonly name = 'process';
  readonly guarantees: readonly Guarantee[] = ['env', 'kill'];
  private readonly reaper = new Reaper();

  start(program: SandboxProgram, events: SandboxEvents): Sandbox {
    const child = spawn(
      process.execPath,
      [
        '--permission',
        ...program.readable.map((folder) => `--allow-fs-read=${folder}`),
        `--max-old-space-size=${program.memoryMiB}`,
        '--disable-warning=SecurityWarning',
        program.entry,
      ],
      // a group of its own, out of reach of a terminal's Ctrl-C; standard error can hold a flow's data, so nobody reads it
      { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'], detached: true },
    );
    this.reaper.watch(child);
    return new ProcessSandbox(child, program.maxFrameBytes, events);
  }

  async close(): Promise<void> {
    this.reaper.close();
  }
}

const DRAINED_BYTES = 1024 * 1024;

class ProcessSandbox implements Sandbox {
  readonly pid: number;
  private hasExited = false;
  private unsent: Buffer[] = [];
  /** What it has not read, here and in its pipe. */
  private unreadBytes = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly child: ChildProcess,
    private readonly maxFrameBytes: number,
    private readonly events: SandboxEvents,
  ) {
    this.pid = child.pid ?? -1;
    const reader = new FrameReader(maxFrameBytes);
    child.stdout?.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) events.frame(frame);
      } catch {
        this.kill();
      }
    });
    child.stdin?.on('error', () => undefined);
    child.once('error', (cause) => this.exited(`it could not be started: ${cause.message}`));
    child.once('close', (code, signal) => this.exited(`it ended with ${signal ?? code}`));
  }

  send(frame: unknown): void {
    // frames of one turn leave in one write
    if (this.child.killed || this.hasExited) return;
    // asked before this frame is counted, so that one frame of any size can be sent
    if (this.unreadBytes > this.maxFrameBytes) return this.kill();
    if (this.unsent.length === 0) setImmediate(() => this.flush());
    const bytes = encodeFrame(frame);
    this.unreadBytes += bytes.length;
    this.unsent.push(bytes);
  }

  whenDrained(): Promise<void> {
    if (this.unreadBytes <= DRAINED_BYTES || this.hasExited) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  pause(): void {
    this.child.stdout?.pause();
  }

  resume(): void {
    this.child.stdout?.resume();
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private flush(): void {
    const bytes = this.unsent.length === 1 ? (this.unsent[0] as Buffer) : Buffer.concat(this.unsent);
    this.unsent = [];
    this.child.stdin?.write(bytes, () => {
      this.unreadBytes -= bytes.length;
      this.drain();
    });
  }

  /** One after another: together they would send more than it reads. */
  private drain(): void {
    if (this.unreadBytes > DRAINED_BYTES && !this.hasExited) return;
    this.waiting.shift()?.();
    if (this.waiting.length > 0) setImmediate(() => this.drain());
  }

  private exited(reason: string): void {
    if (this.hasExited) return;
    this.hasExited = true;
    this.drain();
    this.events.exit(reason);
  }
}
