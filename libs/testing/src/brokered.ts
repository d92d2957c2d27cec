import type { EgressBroker } from '../../../apps/executor/src/broker/egress-broker.ts';
import { Redactor } from '../../../apps/executor/src/broker/redactor.ts';
import type { HttpRequest, ResponsePart } from '../../../apps/executor/src/runner-protocol.ts';

interface Known {
  name: string;
  value: string;
  allowedHosts: string[];
}

export interface Brokered {
  parts: ResponsePart[];
  status: number | undefined;
  headers: [string, string][];
  body: string;
  /** The message of the error that ended it. */
  error: string | undefined;
  refusals: string[];
}

/** Sends a request through a broker as a run with these secrets does, and gathers its answer. */
export async function brokered(
  broker: EgressBroker,
  request: Partial<HttpRequest> & { url: string },
  secrets: readonly Known[] = [],
  signal: AbortSignal = new AbortController().signal,
  whenDrained: () => Promise<void> = async () => undefined,
): Promise<Brokered> {
  const parts: ResponsePart[] = [];
  const refusals: string[] = [];
  await broker.send({
    request: { nodeId: 'Node-1', method: 'GET', headers: [], ...request },
    use: {
      secrets: new Map(secrets.map((secret) => [secret.name, secret])),
      headers: new Set(['authorization', 'x-secret']),
    },
    redactor: new Redactor(secrets),
    signal,
    answer: (part) => parts.push(part),
    whenDrained,
    refused: (host, reason) => refusals.push(`${host}: ${reason}`),
  });
  const head = parts.find((part) => part.is === 'head');
  const chunks = parts.flatMap((part) => (part.is === 'chunk' ? [Buffer.from(part.base64, 'base64')] : []));
  return {
    parts,
    status: head?.status,
    headers: head?.headers ?? [],
    body: Buffer.concat(chunks).toString('utf8'),
    error: parts.find((part) => part.is === 'error')?.message,
    refusals,
  };
}
