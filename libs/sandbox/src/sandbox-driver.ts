/** What a driver's walls hold back. */
export type Guarantee = 'fs' | 'net' | 'proc' | 'env' | 'mem' | 'pids' | 'cpu' | 'kill';

/** A running process behind walls, spoken to in frames. */
export interface Sandbox {
  readonly pid: number;
  send(frame: unknown): void;
  /** Until it has read most of what it was sent, or is gone; who sends much waits for it before each frame. */
  whenDrained(): Promise<void>;
  /** Stops and resumes reading what it says, so that it cannot flood us. */
  pause(): void;
  resume(): void;
  kill(): void;
}

export interface SandboxEvents {
  frame(frame: unknown): void;
  /** Told once, when nothing of it runs any more. */
  exit(reason: string): void;
}

export interface SandboxProgram {
  /** The script that is run, and the folders that it may read. */
  entry: string;
  readable: readonly string[];
  memoryMiB: number;
  /** Of one frame; it is ended when it lets more than this lie unread. */
  maxFrameBytes: number;
}

/** How tenants' flows are kept apart from us and from each other. */
export abstract class SandboxDriver {
  abstract readonly name: string;
  abstract readonly guarantees: readonly Guarantee[];
  abstract start(program: SandboxProgram, events: SandboxEvents): Sandbox;
  /** Ends whatever the driver itself keeps running. */
  abstract close(): Promise<void>;
}
