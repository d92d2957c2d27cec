import { z } from 'zod';
import { contract } from './contract.ts';
import { STATUS_PARTITION, TOPICS } from './topics.ts';

/** The conductor's own word among the executors': while it comes back, they could be heard. */
export const ConductorProbe = contract({
  topic: TOPICS.executorStatus,
  partition: STATUS_PARTITION,
  type: 'conductor.probe',
  key: () => 'conductor',
  data: z.object({ nonce: z.string() }),
});
