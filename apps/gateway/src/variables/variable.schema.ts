import { z } from 'zod';
import { Id, pageOf, Timestamp, text } from '#libs/http';

/** Shorter values would be found by accident in what is redacted. */
const MIN_SECRET = 6;
/** As much as servers take in one header. */
const MAX_SECRET = 4_096;

const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,79}$/, 'must be a name such as OPENAI_API_KEY');
const Host = z
  .string()
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/,
    'must be a host such as api.openai.com or *.example.com, in lower case',
  );

const Plain = z.strictObject({
  name: VariableName,
  environmentId: Id,
  secret: z.literal(false).optional(),
  value: text(0, 65_536),
});

const Secret = z.strictObject({
  name: VariableName,
  environmentId: Id,
  secret: z.literal(true),
  value: text(MIN_SECRET, MAX_SECRET).meta({ description: 'Never given back.' }),
  allowedHosts: z
    .array(Host)
    .min(1)
    .max(50)
    .meta({ description: 'The hosts to which it may be sent, in a request header.' }),
});

export const CreateVariable = z.union([Plain, Secret]).meta({ id: 'CreateVariable' });
export type CreateVariable = z.output<typeof CreateVariable>;

export const Variable = z
  .object({
    id: Id,
    projectId: Id,
    environmentId: Id,
    name: z.string(),
    secret: z.boolean(),
    value: z.string().nullable().meta({ description: 'Null for a secret.' }),
    exposure: z.literal('header').nullable(),
    allowedHosts: z.array(z.string()),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Variable' });
export type Variable = z.output<typeof Variable>;

export const VariablePage = pageOf(Variable, 'VariablePage');
