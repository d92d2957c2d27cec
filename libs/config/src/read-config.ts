import { z } from 'zod';
import { AppStartError } from '#libs/kernel';

/** The environment did not fit; the message lists every fault. */
export class ConfigError extends AppStartError {}

/** Reads an app's configuration from the environment; an empty variable is an absent one. */
export function readConfig<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`The environment does not fit:\n${faults.join('\n')}`);
}
