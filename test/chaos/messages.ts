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
  | { kind: 'tenant'; organizationId: string; called: Called[] }
  | { kind: 'runners'; pids: number[] }
  | ({ kind: 'counters' } & Counters);
