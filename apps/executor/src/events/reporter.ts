import { RUN_EVENT_DATA, type RunError, type RunEventData, type RunUsage } from '#libs/contracts';
import { sealCheckpoint } from '#libs/crypto';
import { DEFAULTS, isTerminalEvent, type RunEventType } from '#libs/domain';
import { AppError, flawOfJson, isErrorCode, problemOf } from '#libs/kernel';
import type { Redactor } from '../broker/redactor.ts';
import { BadEvent } from './bad-event.ts';
import { DeltaJoiner } from './delta-joiner.ts';
import type { EventOutbox, OutgoingEvent, Sender } from './event-outbox.ts';
import { offload, valuesOf } from './offload.ts';
import type { Staging } from './staging.ts';

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

/** Smaller values are not counted as output one by one. */
const COUNTED_BYTES = 1_024;

interface EndData {
  error?: RunError;
  usage?: RunUsage;
  confirmed?: boolean;
}

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
  end(type: RunEventType, data: EndData, sent: () => void): void {
    if (!this.failure) this.deltas.end();
    const send = () => this.send(type, this.endTextOf(data), {}, sent);
    if (this.tail) void this.tail.then(send);
    else send();
  }

  /** Ends with the large values of a success moved out. Throws where something before it, or in it, cannot be recorded. */
  async endWithOutput(given: { output: unknown; usage: RunUsage }, sent: () => void): Promise<void> {
    this.deltas.end();
    await this.tail;
    if (this.failure) throw this.failure.cause;
    const parsed = RUN_EVENT_DATA['run.succeeded'].safeParse(given);
    if (!parsed.success) throw new BadEvent('the output does not fit its schema');
    const { data } = parsed;
    if (Object.values(data.output.outputs).some(namesBlob)) throw new BadEvent('the output names a blob');
    const text = this.textOf(data);
    if (isInline(text)) {
      this.countKept('run.succeeded', data, text);
      return this.send('run.succeeded', text, {}, sent);
    }
    const moved = await this.moveOut('run.succeeded', text, 'output');
    this.send('run.succeeded', moved.text, { staged: moved.staged }, sent);
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
    const json = jsonOf(data);
    const text = this.options.redactor.cleanJson(json);
    if (!isInline(text)) return false;
    if (!state) {
      this.countKept(type, data, text);
      this.send(type, text, {});
      return true;
    }
    // the outputs stand in the event, there without secrets, and the seal adds a few bytes to them
    const bytes = Buffer.byteLength(json) + SEAL_BYTES;
    if (bytes > DEFAULTS.eventInlineBytes) return false;
    this.send(type, text, { state: { ...state, bytes, seal: () => this.seal(state) } });
    return true;
  }

  private async reportLarge(type: RunEventType, data: unknown, state?: NodeState): Promise<void> {
    const { staging } = this.options;
    const as = type === 'node.completed' ? 'state' : 'output';
    const { text, staged } = await this.moveOut(type, this.textOf(data), as);
    const parts: Pick<OutgoingEvent, 'staged' | 'checkpoint'> = { staged };
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

  private async moveOut(type: RunEventType, given: string, as: 'output' | 'state') {
    const { staging } = this.options;
    const { data, staged } = await offload(type, JSON.parse(given), (content) => staging.upload(content, as));
    const text = this.textOf(data);
    if (!isInline(text))
      throw new BadEvent(`an event of type ${type} holds more than ${DEFAULTS.eventInlineBytes} bytes`);
    if (as === 'output') this.countKept(type, data, text);
    return { text, staged };
  }

  /** What stays in an event is put out too. */
  private countKept(type: RunEventType, data: unknown, text: string): void {
    if (type === 'node.completed' || text.length < COUNTED_BYTES) return;
    for (const value of valuesOf(type, data).values()) {
      const content = JSON.stringify(value) ?? '';
      if (content.length >= COUNTED_BYTES) this.options.staging.keep(content);
    }
  }

  /** An end has to be recorded, whatever it was meant to say. */
  private endTextOf(data: EndData): string {
    const text = this.options.redactor.cleanJson(JSON.stringify(data));
    if (isInline(text) && flawOfJson(data) === undefined) return text;
    const code = data.error?.code ?? '';
    const error = new AppError(isErrorCode(code) ? code : 'run.bad_event', {
      detail: 'What the run said of its end cannot be recorded.',
    });
    return JSON.stringify({ ...data, error: problemOf(error) });
  }

  private textOf(data: unknown): string {
    return this.options.redactor.cleanJson(jsonOf(data));
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

function jsonOf(data: unknown): string {
  const flaw = flawOfJson(data);
  if (flaw) throw new BadEvent(flaw);
  return JSON.stringify(data);
}

function isInline(text: string): boolean {
  return Buffer.byteLength(text) <= DEFAULTS.eventInlineBytes;
}

/** Blobs are named where they are uploaded, and only there: else a flow could read any of its organization. */
function namesBlob(data: object): boolean {
  return 'blob' in data;
}
