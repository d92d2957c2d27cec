import type { GrantedSecret } from '#libs/contracts';
import type { Target } from './address-guard.ts';

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
  target: Pick<Target, 'host' | 'port'>,
  use: SecretUse,
): [string, string][] {
  return headers.map(([name, value]) => {
    if (!use.headers.has(name.toLowerCase())) return [name, value];
    const filled = value.replaceAll(STAND_IN, (standIn: string, secretName: string) => {
      const secret = use.secrets.get(secretName);
      if (!secret) return standIn;
      if (!secret.allowedHosts.some((allowed) => isAllowed(allowed, target))) {
        throw new SecretMisused(
          `The secret ${secretName} may not be sent to ${target.host}: add it to the secret's allowedHosts.`,
        );
      }
      return secret.value;
    });
    return [name, filled];
  });
}

/** `example.com`, or `*.example.com` for what is below it; with `:8443` behind it, at that port alone. */
function isAllowed(allowed: string, { host, port }: Pick<Target, 'host' | 'port'>): boolean {
  const given = allowed.toLowerCase();
  const [, name = given, wantedPort] = /^([^:]+):(\d+)$/.exec(given) ?? [];
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false;
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
}
