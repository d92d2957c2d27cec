import type { AddressGuard } from './address-guard.ts';
import { EgressBroker } from './egress-broker.ts';

const MAX_BROKERS = 200;

/** One broker per organization, so that connections are never shared between two. */
export class Brokers {
  private readonly brokers = new Map<string, EgressBroker>();

  constructor(private readonly guard: AddressGuard) {}

  of(organizationId: string): EgressBroker {
    const broker = this.brokers.get(organizationId) ?? new EgressBroker(this.guard);
    this.brokers.delete(organizationId);
    this.brokers.set(organizationId, broker);
    if (this.brokers.size > MAX_BROKERS) this.drop(this.brokers.keys().next().value);
    return broker;
  }

  close(): void {
    for (const broker of this.brokers.values()) broker.close();
    this.brokers.clear();
  }

  /** Its connections end with their last request; they are only not kept any more. */
  private drop(organizationId: string | undefined): void {
    if (organizationId !== undefined) this.brokers.delete(organizationId);
  }
}
