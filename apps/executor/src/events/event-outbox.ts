import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '#libs/bus';
import { type BusMessage, type ReportedEvent, RunEvents } from '#libs/contracts';
import { DEFAULTS, isTerminalEvent } from '#libs/domain';

export interface Sender {
  organizationId: string;
  runId: string;
  attempt: number;
  runToken: string;
  /** Of every message of it. */
  headers?: Record<string, string>;
}

/** An event with a node's state that is sealed only if it is needed: a run that ends in the same message has no next attempt. */
export interface OutgoingEvent extends ReportedEvent {
  state?: { nodeId: string; iteration: number; bytes: number; seal: () => Buffer };
}

interface Pending {
  sender: Sender;
  events: OutgoingEvent[];
  sent: (() => void)[];
}

/** What to hold back while too much waits for the bus. */
export interface BackPressure {
  pause(): void;
  resume(): void;
}

const RETRY_MS = 500;

/** Sends events in their order, one send at a time; what gathers meanwhile leaves with the next one. */
export class EventOutbox {
  private pending = new Map<Sender, Pending>();
  private pendingBytes = 0;
  private isSending = false;
  private isHolding = false;
  private idle: (() => void)[] = [];
  /** Per partition, the offset of the last event that the bus has taken. */
  readonly offsets: Record<string, number> = {};
  /** How many events were handed to the bus, for the books. */
  sentEvents = 0;

  constructor(
    private readonly bus: Bus,
    private readonly executorId: string,
    private readonly backPressure: BackPressure,
  ) {}

  /** `sent` is told when the bus has the event. */
  add(sender: Sender, event: OutgoingEvent, sent?: () => void): void {
    const pending = this.pending.get(sender) ?? { sender, events: [], sent: [] };
    this.pending.set(sender, pending);
    pending.events.push(event);
    if (sent) pending.sent.push(sent);
    this.pendingBytes += sizeOf(event);
    if (this.pendingBytes > MAX_PENDING_BYTES && !this.isHolding) {
      this.isHolding = true;
      this.backPressure.pause();
    }
    if (this.isSending) return;
    this.isSending = true;
    setImmediate(() => void this.send());
  }

  whenIdle(): Promise<void> {
    return this.isSending ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve();
  }

  private async send(): Promise<void> {
    while (this.pending.size > 0) {
      const batch = [...this.pending.values()];
      this.pending = new Map();
      this.pendingBytes = 0;
      const messages = batch.flatMap((one) => this.messagesOf(one));
      await this.publish(messages);
      for (const one of batch) {
        this.sentEvents += one.events.length;
        for (const sent of one.sent) sent();
      }
    }
    this.isSending = false;
    if (this.isHolding) {
      this.isHolding = false;
      this.backPressure.resume();
    }
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async publish(messages: BusMessage[]): Promise<void> {
    for (;;) {
      try {
        const places = await this.bus.publish(messages);
        // below zero where the bus has not kept it: there is nothing to wait for
        for (const { partition, offset } of places)
          if (offset >= 0) this.offsets[partition] = Math.max(this.offsets[partition] ?? 0, offset);
        return;
      } catch {
        // an event is a fact: it is sent until the bus has it
        await sleep(RETRY_MS);
      }
    }
  }

  private messagesOf({ sender, events }: Pending): BusMessage[] {
    const messages: BusMessage[] = [];
    let part: ReportedEvent[] = [];
    let bytes = 0;
    const close = () => {
      if (part.length === 0) return;
      const { organizationId, runId, attempt, runToken, headers } = sender;
      const data = { runId, attempt, executorId: this.executorId, runToken, events: part };
      messages.push(RunEvents.encode(organizationId, data, headers));
      part = [];
      bytes = 0;
    };
    const last = events.at(-1);
    const isEnding = last !== undefined && isTerminalEvent(last.type);
    for (const { state, ...event } of events) {
      if (state && !isEnding) {
        const { nodeId, iteration, seal } = state;
        event.checkpoint = { nodeId, iteration, sealed: seal().toString('base64') };
      }
      const size = sizeOf(event);
      if (bytes + size > MAX_PART_BYTES) close();
      part.push(event);
      bytes += size;
    }
    close();
    return messages;
  }
}

const MAX_PENDING_BYTES = 32 * 1024 * 1024;
const MAX_PART_BYTES = DEFAULTS.messageBytes - 16 * 1024;

const SHORT = 4_096;
/** A reference to an upload. */
const STAGED_BYTES = 130;

/** At most: within the message the event's text is a string of JSON once more, and a seal is base64. */
function sizeOf({ data, state, checkpoint, staged }: OutgoingEvent): number {
  const text = data.length < SHORT ? 2 * Buffer.byteLength(data) : Buffer.byteLength(JSON.stringify(data));
  const sealed = state ? Math.ceil(state.bytes / 3) * 4 : (checkpoint?.sealed?.length ?? 0);
  const sealedOf = state ?? checkpoint;
  const names = sealedOf ? STAGED_BYTES + 6 * sealedOf.nodeId.length : 0;
  return text + sealed + names + STAGED_BYTES * (staged?.length ?? 0) + 100;
}
