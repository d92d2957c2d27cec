/** Joins what concurrent nodes say into one sequence. */
export class StepQueue<Step> {
  private readonly steps: Step[] = [];
  private wake: (() => void) | undefined;

  push(step: Step): void {
    this.steps.push(step);
    this.wake?.();
    this.wake = undefined;
  }

  take(): Step | undefined {
    return this.steps.shift();
  }

  /** Resolves when there is something to take. */
  whenFilled(): Promise<void> {
    return this.steps.length > 0 ? Promise.resolve() : new Promise((resolve) => (this.wake = resolve));
  }
}
