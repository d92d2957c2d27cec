import { type Bus, DONE, oneByOne, type Reading } from '#libs/bus';
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
      handle: oneByOne((delivery) => {
        const { organizationId, what } = ControlChanged.decode(delivery.value).data;
        if (what === 'variable') {
          this.releases.forgetVariables(organizationId);
          this.keyring.forget(organizationId);
        }
        return DONE;
      }),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }
}
