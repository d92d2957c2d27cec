import { z } from 'zod';
import { Id, Name, pageOf, Timestamp, text } from '#libs/http';
import { Definition, Version, VersionSummary } from '../versions/versions.public.ts';

export const CreateFlow = z
  .strictObject({
    name: Name,
    description: text(0, 2_000).optional(),
    definition: Definition.optional().meta({
      description: 'With it, the flow begins with its first version.',
    }),
  })
  .meta({ id: 'CreateFlow' });
export type CreateFlow = z.output<typeof CreateFlow>;

export const Flow = z
  .object({
    id: Id,
    projectId: Id,
    name: z.string(),
    description: z.string(),
    latestVersion: Version.nullable(),
    createdAt: Timestamp,
  })
  .meta({ id: 'Flow' });
export type Flow = z.output<typeof Flow>;

export const FlowSummary = Flow.extend({ latestVersion: VersionSummary.nullable() }).meta({
  id: 'FlowSummary',
});
export type FlowSummary = z.output<typeof FlowSummary>;

export const FlowPage = pageOf(FlowSummary, 'FlowPage');
