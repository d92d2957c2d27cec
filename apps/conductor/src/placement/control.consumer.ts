import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading } from '#libs/bus';
import { ControlChanged, TOPICS } from '#libs/contracts';
import type { Keyring } from './keyring.ts';
import type { ReleaseCache } from './release-cache.ts';

/** Drops what is cached of an organization when it changed. */
export class ControlConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly releases: ReleaseCache,
    private readonly keyring: Keyring,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.controlChanged,
      group: 'alone',
      handle: oneByOne((delivery) => this.handle(delivery)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private handle(delivery: Delivery): Outcome {
    let change: ReturnType<typeof ControlChanged.decode>['data'];
    try {
      change = ControlChanged.decode(delivery.value).data;
    } catch (cause) {
      return { kind: 'dead', reason: `not a change: ${(cause as Error).message}` };
    }
    if (change.what === 'variable') {
      this.releases.forgetVariables(change.organizationId);
      this.keyring.forget(change.organizationId);
    }
    return DONE;
  }
}
