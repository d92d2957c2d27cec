import type { GrantedSecret } from '#libs/contracts';

const STAND_IN = /\{\{secret:([A-Za-z_][A-Za-z0-9_]*)\}\}/g;

/** The secrets that a node may use, and the request headers in which it may use them. */
export interface SecretUse {
  secrets: ReadonlyMap<string, GrantedSecret>;
  headers: ReadonlySet<string>;
}

export class SecretMisused extends Error {}

/**
 * Puts secrets into the headers that the component declared, for a host that the secret allows. A stand-in anywhere else
 * stays what it is: a text.
 */
export function withSecrets(
  headers: readonly [string, string][],
  host: string,
  use: SecretUse,
): [string, string][] {
  return headers.map(([name, value]) => {
    if (!use.headers.has(name.toLowerCase())) return [name, value];
    const filled = value.replaceAll(STAND_IN, (standIn: string, secretName: string) => {
      const secret = use.secrets.get(secretName);
      if (!secret) return standIn;
      if (!secret.allowedHosts.some((allowed) => isHostAllowed(allowed, host))) {
        throw new SecretMisused(
          `The secret ${secretName} may not be sent to ${host}: add it to the secret's allowedHosts.`,
        );
      }
      return secret.value;
    });
    return [name, filled];
  });
}

/** `example.com`, or `*.example.com` for what is below it. */
function isHostAllowed(allowed: string, host: string): boolean {
  const wanted = allowed.toLowerCase();
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted;
}
