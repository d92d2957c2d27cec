import type { KeyProvider } from '#libs/crypto';
import { AppStartError } from '#libs/kernel';
import type { PlacementStore } from './placement.store.ts';

interface Ring {
  inUse: string;
  keys: Map<string, Buffer>;
  isStale: boolean;
}

/** The organizations' keys, unwrapped once. */
export class Keyring {
  private readonly rings = new Map<string, Ring>();

  constructor(
    private readonly store: PlacementStore,
    private readonly provider: KeyProvider,
  ) {}

  /** Throws where no key of the database can be unwrapped: runs would be accepted and none could start. */
  async check(): Promise<void> {
    const keks = await this.store.someKeks();
    const unwrapped = await Promise.allSettled(
      keks.map(({ organizationId, kekId, wrapped }) => this.provider.unwrap(organizationId, kekId, wrapped)),
    );
    if (unwrapped.length > 0 && unwrapped.every(({ status }) => status === 'rejected'))
      throw new AppStartError(
        'The keys file does not belong to this database, none of whose secrets it opens: put back the one that they were sealed with, or name it by HEADGATE_KEYS_FILE.',
      );
  }

  async load(organizationIds: Iterable<string>): Promise<void> {
    const missing = [...new Set(organizationIds)].filter((id) => this.rings.get(id)?.isStale !== false);
    if (missing.length === 0) return;
    const fresh = new Map<string, Ring>();
    for (const { organizationId, kekId, wrapped, isInUse } of await this.store.keks(missing)) {
      const ring = fresh.get(organizationId) ?? { inUse: kekId, keys: new Map(), isStale: false };
      if (isInUse) ring.inUse = kekId;
      fresh.set(organizationId, ring);
      try {
        ring.keys.set(kekId, await this.provider.unwrap(organizationId, kekId, wrapped));
      } catch {
        // only the runs that need it fail, and say so; others in the batch do not notice
      }
    }
    for (const [organizationId, ring] of fresh) this.rings.set(organizationId, ring);
  }

  /** The key that new runs of an organization take, once it is loaded. */
  inUse(organizationId: string): string | undefined {
    return this.rings.get(organizationId)?.inUse;
  }

  key(organizationId: string, kekId: string): Buffer {
    const key = this.rings.get(organizationId)?.keys.get(kekId);
    if (!key) throw new Error(`the organization ${organizationId} has no key ${kekId}`);
    return key;
  }

  /** They are read again; whoever is about to use them still finds them. */
  forget(organizationId: string): void {
    const ring = this.rings.get(organizationId);
    if (ring) ring.isStale = true;
  }
}
