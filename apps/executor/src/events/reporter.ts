import { RUN_EVENT_DATA, type RunEventData } from '#libs/contracts';
import { sealCheckpoint } from '#libs/crypto';
import { DEFAULTS, isTerminalEvent, type RunEventType } from '#libs/domain';
import { flawOfJson } from '#libs/kernel';
import type { Redactor } from '../broker/redactor.ts';
import { DeltaJoiner } from './delta-joiner.ts';
import type { EventOutbox, OutgoingEvent, Sender } from './event-outbox.ts';
import { offload } from './offload.ts';
import type { Staging } from './staging.ts';

/** What a runner reported cannot be recorded; the run ends with it. */
export class BadEvent extends Error {}

export interface ReporterOptions {
  sender: Sender;
  outbox: EventOutbox;
  redactor: Redactor;
  staging: Staging;
  checkpointKey: Buffer;
  /** Told when what is reported turns out not to fit; nothing more is reported but the end. */
  failed: (cause: unknown) => void;
}

const SEAL_BYTES = 28;

interface NodeState {
  nodeId: string;
  iteration: number;
  outputs: unknown;
}

/** The voice of one attempt: numbers its events, takes secrets out of them, and large values. */
export class Reporter {
  private readonly startedMs = performance.now();
  private readonly deltas: DeltaJoiner;
  private lastN = 0;
  private failure: { cause: unknown } | undefined;
  private hasEnded = false;
  /** Set while a large value is being uploaded: what comes after it waits. */
  private tail: Promise<void> | undefined;

  constructor(private readonly options: ReporterOptions) {
    this.deltas = new DeltaJoiner(options.redactor, (delta) => this.enqueue('message.delta', delta));
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedMs);
  }

  /** An event from the runner: checked, as nothing that it says is believed. */
  reportFromRunner(type: RunEventType, given: unknown): void {
    const parsed = RUN_EVENT_DATA[type].safeParse(given);
    if (!parsed.success) return this.fail(new BadEvent(`an event of type ${type} does not fit its schema`));
    if (namesBlob(parsed.data)) return this.fail(new BadEvent(`an event of type ${type} names a blob`));
    if (type === 'message.delta') this.deltas.add(parsed.data as RunEventData<'message.delta'>);
    else this.report(type, parsed.data);
  }

  report(type: RunEventType, data: unknown, state?: NodeState): void {
    if (this.failure) return;
    this.deltas.end();
    this.enqueue(type, data, state);
  }

  /** The last event; it comes out even where an earlier one could not. `sent` is told when the bus has it. */
  end(type: RunEventType, data: unknown, sent: () => void): void {
    if (!this.failure) this.deltas.end();
    const send = () => this.send(type, this.options.redactor.cleanJson(JSON.stringify(data)), {}, sent);
    if (this.tail) void this.tail.then(send);
    else send();
  }

  /** Ends with the large values of a success moved out. Throws where something before it, or in it, cannot be recorded. */
  async endWithOutput(data: RunEventData<'run.succeeded'>, sent: () => void): Promise<void> {
    this.deltas.end();
    await this.tail;
    if (this.failure) throw this.failure.cause;
    if (Object.values(data.output.outputs).some(namesBlob)) throw new BadEvent('the output names a blob');
    const text = this.textOf(data);
    if (isInline(text)) return this.send('run.succeeded', text, {}, sent);
    const clean: unknown = JSON.parse(text);
    const moved = await offload('run.succeeded', clean, (content) =>
      this.options.staging.upload(content, 'output'),
    );
    this.send('run.succeeded', this.textOf(moved.data), { staged: moved.staged }, sent);
  }

  private enqueue(type: RunEventType, data: unknown, state?: NodeState): void {
    if (this.failure) return;
    if (this.tail === undefined) {
      try {
        if (this.reportNow(type, data, state)) return;
      } catch (cause) {
        return this.fail(cause);
      }
    }
    const before = this.tail ?? Promise.resolve();
    const mine = before
      .then(async () => {
        if (!this.failure && !this.reportNow(type, data, state)) await this.reportLarge(type, data, state);
      })
      .catch((cause: unknown) => this.fail(cause))
      .finally(() => {
        if (this.tail === mine) this.tail = undefined;
      });
    this.tail = mine;
  }

  /** False where something has to be uploaded first. */
  private reportNow(type: RunEventType, data: unknown, state?: NodeState): boolean {
    const text = this.textOf(data);
    if (!isInline(text)) return false;
    if (!state) {
      this.send(type, text, {});
      return true;
    }
    // the outputs stand in the event's own text, and the seal adds a few bytes to them
    const bytes = Buffer.byteLength(text) + SEAL_BYTES;
    if (bytes > DEFAULTS.eventInlineBytes) return false;
    this.send(type, text, { state: { ...state, bytes, seal: () => this.seal(state) } });
    return true;
  }

  private async reportLarge(type: RunEventType, data: unknown, state?: NodeState): Promise<void> {
    const { staging } = this.options;
    const clean: unknown = JSON.parse(this.textOf(data));
    const moved = await offload(type, clean, (content) =>
      staging.upload(content, type === 'node.completed' ? 'state' : 'output'),
    );
    const text = this.textOf(moved.data);
    if (!isInline(text))
      throw new BadEvent(`an event of type ${type} holds more than ${DEFAULTS.eventInlineBytes} bytes`);
    const parts: Pick<OutgoingEvent, 'staged' | 'checkpoint'> = { staged: moved.staged };
    if (state) {
      const { nodeId, iteration } = state;
      const sealed = this.seal(state);
      const fits = sealed.length <= DEFAULTS.eventInlineBytes;
      parts.checkpoint = {
        nodeId,
        iteration,
        ...(fits ? { sealed: sealed.toString('base64') } : { staged: await staging.upload(sealed, 'state') }),
      };
    }
    this.send(type, text, parts);
  }

  private textOf(data: unknown): string {
    const flaw = flawOfJson(data);
    if (flaw) throw new BadEvent(flaw);
    return this.options.redactor.cleanJson(JSON.stringify(data));
  }

  private seal({ nodeId, iteration, outputs }: NodeState): Buffer {
    const { sender, checkpointKey } = this.options;
    return sealCheckpoint(checkpointKey, { runId: sender.runId, nodeId, iteration }, JSON.stringify(outputs));
  }

  private send(
    type: RunEventType,
    data: string,
    parts: Pick<OutgoingEvent, 'staged' | 'checkpoint' | 'state'>,
    sent?: () => void,
  ): void {
    if (this.hasEnded) return;
    this.hasEnded = isTerminalEvent(type);
    this.lastN += 1;
    this.options.outbox.add(
      this.options.sender,
      { n: this.lastN, type, elapsedMs: this.elapsedMs, data, ...parts },
      sent,
    );
  }

  private fail(cause: unknown): void {
    if (this.failure) return;
    this.failure = { cause };
    this.options.failed(cause);
  }
}

function isInline(text: string): boolean {
  return Buffer.byteLength(text) <= DEFAULTS.eventInlineBytes;
}

/** Blobs are named where they are uploaded, and only there: else a flow could read any of its organization. */
function namesBlob(data: object): boolean {
  return 'blob' in data;
}
