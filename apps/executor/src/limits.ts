import { type EgressException, egressText } from '#libs/config';
import type { SandboxDriver } from '#libs/sandbox';

/** What of an executor is not as it should be where strangers' flows run, a sentence each. */
export function limitsOf(driver: SandboxDriver, egressAllow: readonly EgressException[]): string[] {
  const limits: string[] = [];
  if (!driver.guarantees.includes('net'))
    limits.push(
      `The sandbox driver "${driver.name}" keeps no strangers' code in: only built-in components run.`,
    );
  if (egressAllow.length > 0)
    limits.push(`Flows may reach ${egressAllow.map(egressText).join(', ')} (HEADGATE_EGRESS_ALLOW).`);
  return limits;
}
