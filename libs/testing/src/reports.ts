import { randomBytes } from 'node:crypto';
import { openCheckpoint } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { Redactor } from '../../../apps/executor/src/broker/redactor.ts';
import { EventOutbox } from '../../../apps/executor/src/events/event-outbox.ts';
import { Reporter } from '../../../apps/executor/src/events/reporter.ts';
import { Staging } from '../../../apps/executor/src/events/staging.ts';
import { KeptBus } from './kept-bus.ts';

/** A reporter of an attempt whose only secret is `sk-secret`, and what reaches the bus of it. */
export class Reports {
  readonly bus = new KeptBus();
  readonly failures: unknown[] = [];
  readonly reporter: Reporter;
  private readonly outbox = new EventOutbox(this.bus, newId(), {
    pause: () => undefined,
    resume: () => undefined,
  });
  private readonly checkpointKey = randomBytes(32);
  private readonly runId = newId();

  constructor(stagingUrl: string, maxBytes = 1_000_000) {
    this.reporter = new Reporter({
      sender: { organizationId: 'o1', runId: this.runId, attempt: 1, runToken: 'token' },
      outbox: this.outbox,
      redactor: new Redactor([{ name: 'KEY', value: 'sk-secret' }]),
      staging: new Staging({ url: stagingUrl, maxBytes, stateBytes: maxBytes }, new AbortController().signal),
      checkpointKey: this.checkpointKey,
      failed: (cause) => this.failures.push(cause),
    });
  }

  /** Everything that was sent up to now, with its data as it was meant. */
  async events() {
    await this.outbox.whenIdle();
    return this.bus.events().map((event) => ({ ...event, data: JSON.parse(event.data) as unknown }));
  }

  async types(): Promise<string[]> {
    return (await this.events()).map((event) => event.type);
  }

  open(nodeId: string, iteration: number, sealed: Buffer): unknown {
    return JSON.parse(openCheckpoint(this.checkpointKey, { runId: this.runId, nodeId, iteration }, sealed));
  }
}
