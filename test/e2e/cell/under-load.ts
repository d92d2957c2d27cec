import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, type RoleProcess, type TestCell } from '#libs/testing';
import type { RunView } from '../gateway/world.ts';

const CALLERS = 8;
const PAUSE_MS = 200;
const LOOK_MS = 250;
const PAGE_BYTES = 4_096;
const MiB = 1024 * 1024;

/** What a bus keeps for a broker that is away, an outbox and what of it is under way, and what was fetched of sixteen partitions. */
const MOST_GROWTH_MIB = 32 + 2 * 32 + 16 * 4;

/** Callers that go on whatever they are answered, and what becomes of a cell's processes meanwhile. */
export class UnderLoad {
  /** Of the runs that were accepted. */
  readonly accepted: string[] = [];
  /** Answers that are neither a run nor a refusal that says when to come again. */
  readonly bad: string[] = [];
  refused = 0;
  private readonly before: Map<RoleProcess, number>;
  private readonly most = new Map<RoleProcess, number>();
  private readonly ending = new AbortController();
  private readonly working: Promise<void>[];

  constructor(
    private readonly cell: TestCell,
    token: string,
  ) {
    this.before = new Map(cell.processes.map((one) => [one, residentMiB(one)]));
    const caller = new ApiClient(cell.gatewayUrl, token);
    this.working = [...Array.from({ length: CALLERS }, () => this.each(PAUSE_MS, () => this.call(caller)))];
    this.working.push(this.each(LOOK_MS, async () => this.look()));
  }

  async end(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.working);
  }

  /** By how much each process has grown at most; nothing where the system does not tell. */
  get growthMiB(): Record<string, number> {
    const growth = [...this.most].map(([one, most], index): [string, number] => [
      `${one.role} ${index}`,
      Math.round(most - (this.before.get(one) ?? 0)),
    ]);
    return Object.fromEntries(growth);
  }

  /** Processes that have grown by more than their bounds allow. */
  get swollen(): string[] {
    return Object.entries(this.growthMiB)
      .filter(([, grown]) => grown > MOST_GROWTH_MIB)
      .map(([name, grown]) => `${name} has grown by ${grown} MiB`);
  }

  private async call(caller: ApiClient): Promise<void> {
    const answer = await caller.post<RunView>('/v1/deployments/echo/runs', { input: 'x'.repeat(8_192) });
    const { status, headers, body } = answer;
    if (status === 202) this.accepted.push(body.id);
    else if ((status === 503 || status === 429) && Number(headers.get('retry-after')) > 0) this.refused += 1;
    else this.bad.push(`${status} ${JSON.stringify(body)}`);
  }

  private look(): void {
    for (const one of this.cell.processes) {
      if (one.isUp) this.most.set(one, Math.max(this.most.get(one) ?? 0, residentMiB(one)));
    }
  }

  private async each(pauseMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await work().catch((cause: unknown) => this.bad.push(String(cause)));
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function residentMiB({ pid }: RoleProcess): number {
  if (process.platform !== 'linux') return 0;
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * PAGE_BYTES) / MiB;
}
