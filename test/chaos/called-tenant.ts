import type { Tenant } from '#libs/testing';
import { STORM_FLOWS } from './flows.ts';
import type { Called, CalledTenant } from './messages.ts';

/** An organization with some of the storm's flows, each with a key of its own. */
export async function makeCalledTenant(
  ring: { tenant(): Promise<Tenant> },
  flows: readonly string[] = Object.keys(STORM_FLOWS),
): Promise<CalledTenant> {
  const { api, organizationId, deploy } = await ring.tenant();
  const called: Called[] = [];
  for (const flow of flows) {
    const { token } = await deploy(flow, STORM_FLOWS[flow]?.definition ?? {});
    called.push({ flow, token });
  }
  return { organizationId, ownerToken: api['token'] ?? '', called };
}
