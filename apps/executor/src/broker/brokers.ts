import { Recent } from '#libs/kernel';
import type { AddressGuard } from './address-guard.ts';
import { EgressBroker } from './egress-broker.ts';

const MAX_BROKERS = 200;

/** One broker per organization, so that connections are never shared between two. */
export class Brokers {
  /** The connections of one that goes end with their last request; they are only not kept any more. */
  private readonly brokers = new Recent<string, EgressBroker>(MAX_BROKERS);

  constructor(private readonly guard: AddressGuard) {}

  of(organizationId: string): EgressBroker {
    const broker = this.brokers.get(organizationId) ?? new EgressBroker(this.guard);
    this.brokers.set(organizationId, broker);
    return broker;
  }

  close(): void {
    for (const broker of this.brokers.values()) broker.close();
    this.brokers.clear();
  }
}
