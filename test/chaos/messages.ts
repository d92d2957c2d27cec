/** What a storm and a ring's process say to each other. */
export interface RingOrders {
  databaseUrl: string;
  directory: string;
  port: number;
  seed: number;
  booksPath: string;
}

export interface Called {
  flow: string;
  token: string;
}

/** An organization in a storm: what is called, and by whose keys. */
export interface CalledTenant {
  organizationId: string;
  /** Opens all that is the organization's. */
  ownerToken: string;
  called: Called[];
}

export type ToRing = { kind: 'tenant' } | { kind: 'runners' } | { kind: 'counters' } | { kind: 'end' };

export interface Counters {
  delivered: number;
  written: number;
  duplicate: number;
  fenced: number;
  dead: number;
  sentEvents: number;
}

export type FromRing =
  | { kind: 'ready'; url: string }
  | ({ kind: 'tenant' } & CalledTenant)
  | { kind: 'runners'; pids: number[] }
  | ({ kind: 'counters' } & Counters);
