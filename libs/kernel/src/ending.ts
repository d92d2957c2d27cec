/** npm passes on the Ctrl-C that the terminal has already sent us: that is one, not two. */
const SAME_SIGNAL_MS = 500;

/** How this process ends: step by step, within a time, and at once where it is asked again. */
export class Ending {
  private readonly steps: (() => Promise<void> | void)[] = [];
  private begunMs: number | undefined;

  constructor(
    public graceMs: number,
    private readonly exit: (code: number, reason?: string) => void,
  ) {}

  /** What is begun last ends first. */
  add(step: () => Promise<void> | void): void {
    this.steps.unshift(step);
  }

  /** For a signal, which may come twice. */
  asked(): void {
    if (this.begunMs === undefined) void this.end(0);
    else if (performance.now() - this.begunMs > SAME_SIGNAL_MS) this.cutShort('it was asked again');
  }

  async end(code: number): Promise<void> {
    if (this.begunMs !== undefined) return;
    this.begunMs = performance.now();
    setTimeout(() => this.cutShort(`it took longer than ${this.graceMs} ms`), this.graceMs).unref();
    for (let step = this.steps.shift(); step; step = this.steps.shift()) await attempt(step);
    this.exit(code);
  }

  /** The steps that are left begin, as far as they come without waiting. */
  private cutShort(reason: string): void {
    for (const step of this.steps.splice(0)) void attempt(step);
    this.exit(1, `Headgate was ended before it had put all away (${reason}): the next start takes it up.`);
  }
}

async function attempt(step: () => Promise<void> | void): Promise<void> {
  try {
    await step();
  } catch (cause) {
    process.stderr.write(`${String(cause)}\n`);
  }
}
