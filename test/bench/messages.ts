import type { JsonObject } from '#libs/kernel';
import type { Counters } from './counted.ts';

/** What the bench and the product's process say to each other. */
export type ToProduct =
  | {
      kind: 'deploy';
      name: string;
      definition: JsonObject;
      variables: { name: string; value: string; allowedHosts?: string[] }[];
    }
  | { kind: 'counters' }
  | { kind: 'end' };

export type FromProduct =
  | { kind: 'ready'; url: string; databaseUrl: string }
  | { kind: 'deployed'; token: string }
  | { kind: 'counters'; counters: Counters };
