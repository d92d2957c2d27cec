import { z } from 'zod';
import { contract } from './contract.ts';
import { TOPICS } from './topics.ts';

/** The conductor's own word among the executors': while it comes back, they could be heard. */
export const ConductorProbe = contract({
  topic: TOPICS.executorStatus,
  type: 'conductor.probe',
  key: () => 'conductor',
  data: z.object({ nonce: z.string() }),
});
