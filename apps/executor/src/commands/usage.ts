import type { Assignment, RunUsage } from '#libs/contracts';

/** What a run has used up: its attempts before, as its assignment says, and what this one counts. */
export class Usage {
  private inputTokens: number;
  private outputTokens: number;

  constructor(private readonly assignment: Pick<Assignment, 'spent' | 'queueMs' | 'attempt'>) {
    const { spent } = assignment;
    this.inputTokens = spent.inputTokens;
    this.outputTokens = spent.outputTokens;
  }

  /** A runner may say anything: what is no count counts nothing. */
  count(data: unknown): void {
    const { inputTokens, outputTokens } = data as { inputTokens?: unknown; outputTokens?: unknown };
    if (isCount(inputTokens)) this.inputTokens += inputTokens;
    if (isCount(outputTokens)) this.outputTokens += outputTokens;
  }

  total(computeMs: number): RunUsage {
    const { inputTokens, outputTokens } = this;
    const { queueMs, attempt: attempts } = this.assignment;
    const totalTokens = inputTokens + outputTokens;
    return { inputTokens, outputTokens, totalTokens, computeMs, queueMs, attempts };
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
