import { z } from 'zod';
import { Id, pageOf, Timestamp } from '#libs/http';

export const Environment = z
  .object({
    id: Id,
    projectId: Id,
    name: z.string(),
    position: z.number().int().meta({ description: 'Its place in the order of promotion, from 1.' }),
    isDefault: z.boolean(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Environment' });
export type Environment = z.output<typeof Environment>;

export const EnvironmentPage = pageOf(Environment, 'EnvironmentPage');
