import { z } from 'zod';
import { Id, pageOf, Timestamp, text } from '#libs/http';

/** A Langflow export, with or without its envelope. */
export const Definition = z
  .record(z.string(), z.unknown())
  .meta({ id: 'Definition', description: 'A Langflow export (JSON).' });

export const CreateVersion = z
  .strictObject({ definition: Definition, note: text(0, 500).optional() })
  .meta({ id: 'CreateVersion' });
export type CreateVersion = z.output<typeof CreateVersion>;

const NodeName = z.object({ node: z.string(), displayName: z.string(), component: z.string() });

const VersionReport = z
  .object({
    inputs: z.array(NodeName),
    ambiguousInputs: z
      .array(z.string())
      .meta({ description: 'The nodes that could take the main input, if more than one could.' }),
    outputs: z.array(NodeName),
    variables: z.array(z.object({ name: z.string(), isSecret: z.boolean(), isRequired: z.boolean() })),
    components: z
      .array(z.object({ component: z.string(), nodes: z.number().int() }))
      .meta({ description: 'The components that the flow uses, and how many of its nodes are of each.' }),
  })
  .meta({ id: 'VersionReport' });

/** A version in a list: without its report, which can be large. */
export const VersionSummary = z
  .object({
    id: Id,
    flowId: Id,
    number: z.number().int(),
    contentHash: z
      .string()
      .meta({ description: 'SHA-256 of the content: equal for every export that runs the same.' }),
    note: z.string(),
    engine: z.literal('native'),
    createdAt: Timestamp,
  })
  .meta({ id: 'VersionSummary' });
export type VersionSummary = z.output<typeof VersionSummary>;

export const Version = VersionSummary.extend({ report: VersionReport }).meta({ id: 'Version' });
export type Version = z.output<typeof Version>;

export const VersionPage = pageOf(VersionSummary, 'VersionPage');
