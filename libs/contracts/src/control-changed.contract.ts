import { z } from 'zod';
import { contract } from './contract.ts';
import { TOPICS } from './topics.ts';

/** A hint that something cached of an organization is stale. */
export const ControlChanged = contract({
  topic: TOPICS.controlChanged,
  type: 'control.changed',
  key: (data) => data.organizationId,
  data: z.object({
    organizationId: z.string(),
    what: z.enum(['key', 'binding', 'deployment', 'variable']),
    id: z.string(),
  }),
});

export type ControlChangedData = ReturnType<typeof ControlChanged.decode>['data'];
