/** Goes round when it is asked to, never twice at a time: what is asked for meanwhile follows. */
export class Rounds {
  private isAsked = false;
  private isRunning = false;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly round: () => Promise<void>,
    private readonly failed: (cause: unknown) => void,
  ) {}

  ask(): void {
    this.isAsked = true;
    if (this.isRunning) return;
    this.isRunning = true;
    this.last = this.run();
  }

  /** Resolves when none is under way. */
  rest(): Promise<void> {
    return this.last;
  }

  private async run(): Promise<void> {
    while (this.isAsked) {
      this.isAsked = false;
      await this.round().catch(this.failed);
    }
    this.isRunning = false;
  }
}
