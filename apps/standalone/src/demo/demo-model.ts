import { AddressGuard, EgressRefused } from '../../../executor/src/executor.public.ts';
import type { StandaloneConfig } from '../standalone.config.ts';
import type { DemoModel } from './seed-demo.ts';

/** The model for the demo, if the environment has a key and flows may reach where it is used. */
export async function demoModel(
  config: StandaloneConfig,
): Promise<{ model: DemoModel | undefined; note?: string }> {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl } = config;
  if (apiKey === undefined) return { model: undefined };
  if (baseUrl === undefined) return { model: { apiKey, baseUrl } };
  try {
    await new AddressGuard(config.HEADGATE_EGRESS_ALLOW).admit(new URL(baseUrl));
    return { model: { apiKey, baseUrl } };
  } catch (cause) {
    if (!(cause instanceof EgressRefused)) throw cause;
    const { host } = new URL(baseUrl);
    return {
      model: undefined,
      note: `The demo that talks to a model is left out: flows may not reach ${host} (${cause.reason}); HEADGATE_EGRESS_ALLOW=${host} allows it.`,
    };
  }
}
