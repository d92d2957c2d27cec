import { Agent, request } from 'node:http';

const STREAMS = new Agent({ keepAlive: true });

export interface Target {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** The status of every answer. */
  status: number;
}

export const BODY = JSON.stringify({ input: 'hello world' });

/** The call that runs a deployment and waits for its end; or, with no wait, that queues it. */
export function runTarget(
  url: string,
  { name, token }: { name: string; token: string },
  waitSeconds = 30,
): Target {
  return {
    url,
    path: `/v1/deployments/${name}/runs`,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(waitSeconds > 0 && { prefer: `wait=${waitSeconds}` }),
    },
    body: BODY,
    status: waitSeconds > 0 ? 200 : 202,
  };
}

export interface Measured {
  /** Sorted. */
  latenciesMs: number[];
  perSecond: number;
}

/** A closed loop: so many callers, each with the next request when the last is answered. */
export function load(target: Target, callers: number, seconds: number): Promise<Measured> {
  const endMs = performance.now() + seconds * 1000;
  return callAll(callers, () => (performance.now() < endMs ? target : undefined));
}

/** Each of these once, by so many callers. */
export function callEach(targets: readonly Target[], callers: number): Promise<Measured> {
  let next = 0;
  return callAll(callers, () => targets[next++]);
}

async function callAll(callers: number, next: () => Target | undefined): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const caller = async () => {
    for (let target = next(); target; target = next()) latenciesMs.push(await once(target, agent));
  };
  await Promise.all(Array.from({ length: callers }, caller));
  agent.destroy();
  const took = (performance.now() - startedMs) / 1000;
  return { latenciesMs: latenciesMs.sort((a, b) => a - b), perSecond: latenciesMs.length / took };
}

/** One request; an answer with another status ends the bench. */
export function once({ url, path, headers, body, status }: Target, agent?: Agent): Promise<number> {
  const { hostname, port } = new URL(url);
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...(agent && { agent }),
        hostname,
        port,
        path,
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === status) resolve(performance.now() - startedMs);
          else reject(new Error(`a request was answered with ${answer.statusCode}`));
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** When the first event of each type arrives, since the request was sent. */
export function firstEvents({ url, path, headers, body }: Target): Promise<Map<string, number>> {
  const { hostname, port } = new URL(url);
  const seen = new Map<string, number>();
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent: STREAMS,
        hostname,
        port,
        path,
        method: 'POST',
        headers: { ...headers, accept: 'text/event-stream', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          const nowMs = performance.now() - startedMs;
          for (const [, type] of chunk.matchAll(/^event: (.*)$/gm))
            if (type !== undefined && !seen.has(type)) seen.set(type, nowMs);
        });
        answer.once('end', () => resolve(seen));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
