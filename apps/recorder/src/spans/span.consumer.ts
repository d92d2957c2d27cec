import { type Bus, type Delivery, DONE, type Outcome, type Reading, readMessage } from '#libs/bus';
import { RunSpans, TOPICS } from '#libs/contracts';
import { isRunToken } from '#libs/crypto';
import { isRefusal } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { Gather } from '#libs/kernel';
import type { Patience } from '../events/patience.ts';
import type { SpanRow, SpanStore } from './span.store.ts';

export interface SpanConsumerOptions {
  bus: Bus;
  store: SpanStore;
  patience: Patience;
  cellKey: Uint8Array;
}

const MAX_ROWS = 1_000;
/** Of one message: all that is kept of an attempt, and its root, with the commas between. */
const MAX_BYTES = DEFAULTS.attemptSpanBytes + 4 * 1024;

/** Keeps what executors tell of their attempts' times. It has no part in what becomes of a run. */
export class SpanConsumer {
  private readonly gather = new Gather<SpanRow, Outcome>((rows) => this.write(rows), MAX_ROWS);
  private reading: Reading | undefined;

  constructor(private readonly options: SpanConsumerOptions) {}

  async start(): Promise<void> {
    this.reading = await this.options.bus.subscribe({
      reader: 'recorder',
      topic: TOPICS.runSpan,
      group: 'shared',
      handle: (deliveries) => Promise.all(deliveries.map((delivery) => this.take(delivery))),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async take(delivery: Delivery): Promise<Outcome> {
    const read = readMessage(RunSpans, delivery);
    if ('outcome' in read) return read.outcome;
    const { orgId: organizationId, data } = read.message;
    const { executorId, runToken, spans, ...row } = data;
    const { runId, attempt } = data;
    if (
      organizationId === null ||
      !isRunToken(this.options.cellKey, { organizationId, runId, attempt, executorId }, runToken)
    )
      return { kind: 'dead', reason: 'the run token does not fit' };
    const text = JSON.stringify(spans);
    if (Buffer.byteLength(text) > MAX_BYTES) return { kind: 'dead', reason: 'more than an attempt may tell' };
    return this.gather.add({ ...row, organizationId, spans: text });
  }

  /** In one commit; where the database refuses it, each for itself, so that one is no other's fault. */
  private async write(rows: SpanRow[]): Promise<Outcome[]> {
    try {
      await this.options.patience.with(() => this.options.store.add(rows));
      return rows.map(() => DONE);
    } catch (cause) {
      if (!isRefusal(cause)) throw cause;
      if (rows.length === 1) return [{ kind: 'dead', reason: (cause as Error).message }];
      const outcomes: Outcome[] = [];
      for (const row of rows) outcomes.push(...(await this.write([row])));
      return outcomes;
    }
  }
}
