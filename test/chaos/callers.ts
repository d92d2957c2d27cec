import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '#libs/kernel';
import { ApiClient, type StreamedEvent } from '#libs/testing';
import type { Called, CalledTenant } from './messages.ts';

/** What a caller knows of one run: only what it was told. */
export interface CallerRun {
  key: string;
  organizationId: string;
  flow: string;
  input: string;
  /** Every id that it was given for this key. */
  runIds: Set<string>;
  isAccepted: boolean;
  /** What a waiting call said of the run's end. */
  waited: { status: string; text: string | null } | undefined;
  /** What a stream gave, over all its connections. */
  streamed: { seq: number; type: string; text: string }[] | undefined;
  /** Where it read of the stream. */
  readAt: Set<string>;
  isCancelAccepted: boolean;
  /** How another organization was answered that asked for this run. */
  foreignStatus: number | undefined;
}

/** What a caller does with one run. */
export interface Wish {
  called: Called;
  manner: 'wait' | 'follow' | 'cancel' | 'leave';
  /** Sends the request once more, as one does who was not told. */
  isRepeated: boolean;
  /** Lets another organization's owner ask for the run. */
  isSpied: boolean;
}

export interface CallerOptions {
  /** Where to ask: elsewhere than at one gateway, if there is another. */
  url: (notThere?: string) => string;
  organizationId: string;
  /** Of another organization's owner, who may see all that is hers. */
  foreignToken: string;
  random: () => number;
  log: CallerRun[];
  /** Everybody goes home. */
  signal?: AbortSignal;
}

const GIVE_UP_MS = 180_000;
const PAUSE_MS = 50;
/** Said by who cannot serve now, or closes a connection on which nothing came for long. */
const AWAY: readonly number[] = [408, 429, 503];
/** How many connections of a stream are cut by their reader, and after how many events at most. */
const CUTS = 0.7;
const CUT_AFTER = 6;

interface RunAnswer {
  id: string;
  status: string;
  output: { text: string | null } | null;
}

/** A program that calls flows as programs do: with a key for each run, and again until it is told. */
export class Caller {
  constructor(private readonly options: CallerOptions) {}

  async callUntil(isOver: () => boolean, called: readonly Called[]): Promise<void> {
    while (!isOver()) await this.call(this.wishOf(called));
  }

  async call({ called: { flow, token }, manner, isRepeated, isSpied }: Wish): Promise<void> {
    const run: CallerRun = {
      key: newId(),
      organizationId: this.options.organizationId,
      flow,
      input: `in-${newId().slice(-6)}`,
      runIds: new Set(),
      isAccepted: false,
      waited: undefined,
      streamed: undefined,
      readAt: new Set(),
      isCancelAccepted: false,
      foreignStatus: undefined,
    };
    this.options.log.push(run);
    const runId = manner === 'wait' ? await this.wait(run, token) : await this.accept(run, token);
    if (isRepeated) await this.accept(run, token);
    if (isSpied) await this.askAsForeigner(run, runId);
    if (manner === 'follow') await this.follow(run, runId, token);
    if (manner === 'cancel') await this.cancel(run, runId, token);
  }

  private wishOf(called: readonly Called[]): Wish {
    const { random } = this.options;
    const chance = random();
    return {
      called: called[Math.floor(random() * called.length)] ?? { flow: '', token: '' },
      manner: chance < 0.4 ? 'wait' : chance < 0.7 ? 'follow' : chance < 0.85 ? 'cancel' : 'leave',
      isRepeated: random() < 0.1,
      isSpied: random() < 0.1,
    };
  }

  private async wait(run: CallerRun, token: string): Promise<string> {
    const { id, status, output } = await this.post(run, token, { prefer: 'wait=5' });
    if (status === 'succeeded' || status === 'failed') run.waited = { status, text: output?.text ?? null };
    return id;
  }

  private async accept(run: CallerRun, token: string): Promise<string> {
    return (await this.post(run, token, {})).id;
  }

  private async post(run: CallerRun, token: string, headers: Record<string, string>): Promise<RunAnswer> {
    const answer = await this.insist((url) =>
      new ApiClient(url, token).post<RunAnswer>(
        `/v1/deployments/${run.flow}/runs`,
        { input: run.input },
        { 'idempotency-key': run.key, ...headers },
      ),
    );
    if (answer.status !== 200 && answer.status !== 202)
      throw new Error(`a run was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    run.isAccepted = true;
    run.runIds.add(answer.body.id);
    return answer.body;
  }

  private async cancel(run: CallerRun, runId: string, token: string): Promise<void> {
    await sleep(this.options.random() * 400);
    const { status } = await this.insist((url) => new ApiClient(url, token).post(`/v1/runs/${runId}/cancel`));
    run.isCancelAccepted = status === 202;
  }

  private async askAsForeigner(run: CallerRun, runId: string): Promise<void> {
    const { foreignToken } = this.options;
    const { status } = await this.insist((url) => new ApiClient(url, foreignToken).get(`/v1/runs/${runId}`));
    run.foreignStatus = status;
  }

  /** Follows a stream to its end, on as many connections as it takes, each at another gateway than the one before. */
  private async follow(run: CallerRun, runId: string, token: string): Promise<void> {
    run.streamed = [];
    let url: string | undefined;
    const giveUpMs = performance.now() + GIVE_UP_MS;
    while (performance.now() < giveUpMs) {
      this.options.signal?.throwIfAborted();
      url = this.options.url(url);
      try {
        if (await this.read(run, url, runId, token)) return;
      } catch {
        // the next connection goes on behind what was read
      }
      await sleep(PAUSE_MS);
    }
    throw new Error(`the stream of ${runId} did not end`);
  }

  /** True where it came to the stream's end. */
  private async read(
    { streamed = [], readAt }: CallerRun,
    url: string,
    runId: string,
    token: string,
  ): Promise<boolean> {
    const { random } = this.options;
    let left = random() < CUTS ? Math.ceil(random() * CUT_AFTER) : Number.POSITIVE_INFINITY;
    const headers: Record<string, string> = {};
    const last = streamed.at(-1);
    if (last) headers['last-event-id'] = String(last.seq);
    const cut = new AbortController();
    const { response, events } = await new ApiClient(url, token).stream(`/v1/runs/${runId}/events`, {
      headers,
      signal: cut.signal,
    });
    if (response.status !== 200) return false;
    for await (const event of events) {
      if (event.type === 'end') return true;
      if (event.id === undefined) continue;
      streamed.push(rowOf(event));
      readAt.add(url);
      left -= 1;
      if (left === 0) cut.abort();
    }
    return false;
  }

  private async insist<Answer extends { status: number }>(
    call: (url: string) => Promise<Answer>,
  ): Promise<Answer> {
    const giveUpMs = performance.now() + GIVE_UP_MS;
    for (;;) {
      this.options.signal?.throwIfAborted();
      try {
        const answer = await call(this.options.url());
        if (!AWAY.includes(answer.status) || performance.now() > giveUpMs) return answer;
      } catch (cause) {
        if (performance.now() > giveUpMs) throw cause;
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** What all callers of a storm have in common. */
export type Calling = Pick<CallerOptions, 'url' | 'random' | 'log' | 'signal'>;

/** So many callers of each organization, with what they call. */
export function makeCallers(tenants: readonly CalledTenant[], callersEach: number, calling: Calling) {
  return tenants.flatMap(({ organizationId, called }, index) => {
    const foreignToken = tenants[(index + 1) % tenants.length]?.ownerToken ?? '';
    return Array.from({ length: callersEach }, () => ({
      caller: new Caller({ ...calling, organizationId, foreignToken }),
      called,
    }));
  });
}

function rowOf({ id, type, data }: StreamedEvent) {
  return { seq: Number(id), type, text: data };
}
