import { isIP } from 'node:net';
import { z } from 'zod';

/** A host or address range, and a port, to which plain http and private addresses are allowed. */
export interface EgressException {
  host: string;
  prefix: number | undefined;
  port: number | undefined;
}

/** `host|cidr[:port]`, a comma list: the operator's exceptions from the egress guard, for the whole cell. */
export const EgressAllow = z
  .string()
  .default('')
  .transform((text, context): EgressException[] =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .flatMap((item) => {
        const exception = parse(item);
        if (!exception) {
          context.addIssue({
            code: 'custom',
            message: `"${item}" is not host[:port], address[:port] or range[:port]`,
          });
          return [];
        }
        return [exception];
      }),
  );

/** As it was written. */
export function egressText({ host, prefix, port }: EgressException): string {
  const range = prefix === undefined ? '' : `/${prefix}`;
  if (port === undefined) return `${host}${range}`;
  return `${isIP(host) === 6 ? `[${host}]` : host}${range}:${port}`;
}

const FORM =
  /^(?:\[([0-9a-f:.]+)\]|([^[\]:/]+)|([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/i;

/** A name that a URL can hold: one that ends in a number is an address there. */
const NAME = /^(?!(?:.*\.)?\d+$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/;

function parse(item: string): EgressException | undefined {
  const match = FORM.exec(item);
  if (!match) return undefined;
  const host = (match[1] ?? match[2] ?? match[3] ?? '').toLowerCase();
  const family = isIP(host);
  if (match[2] === undefined ? family !== 6 : family === 0 && !NAME.test(host)) return undefined;
  const prefix = match[4] === undefined ? undefined : Number(match[4]);
  const port = match[5] === undefined ? undefined : Number(match[5]);
  if (prefix !== undefined && (family === 0 || prefix > (family === 4 ? 32 : 128))) return undefined;
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  return { host, prefix, port };
}
