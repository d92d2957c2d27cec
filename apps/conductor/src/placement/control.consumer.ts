import { type Bus, DONE, eachMessage, type Reading } from '#libs/bus';
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
      handle: eachMessage(ControlChanged, ({ data: { what, organizationId } }) => {
        if (what === 'variable') this.forget(organizationId);
        return DONE;
      }),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private forget(organizationId: string): void {
    this.releases.forgetVariables(organizationId);
    this.keyring.forget(organizationId);
  }
}
