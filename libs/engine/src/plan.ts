import { z } from 'zod';

const Reference = z.object({ name: z.string(), isSecret: z.boolean(), isRequired: z.boolean() });

const PlanNode = z.object({
  id: z.string(),
  component: z.string(),
  displayName: z.string(),
  fields: z.record(z.string(), z.json()),
  /** Fields whose value is a variable's, by the field's name. */
  variables: z.record(z.string(), Reference),
  inputs: z.record(
    z.string(),
    z.object({ isList: z.boolean(), from: z.array(z.object({ node: z.string(), output: z.string() })) }),
  ),
  secretHeaders: z.array(z.string()),
});
export type PlanNode = z.output<typeof PlanNode>;

/** What is executed: plain JSON, made from a definition once, named by its hash. Nodes stand in an order that can run. */
export const Plan = z.object({
  format: z.literal(1),
  nodes: z.array(PlanNode),
  mainInput: z.object({ node: z.string(), field: z.string() }).nullable(),
  outputs: z.array(z.string()),
});
export type Plan = z.output<typeof Plan>;
