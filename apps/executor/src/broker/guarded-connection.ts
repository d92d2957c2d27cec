import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressGuard, Target } from './address-guard.ts';

export interface OutgoingRequest {
  target: Target;
  method: string;
  headers: [string, string][];
  body: Buffer | undefined;
  signal: AbortSignal;
}

/** Sends a request to the address that was admitted; the peer is checked once more before anything is written. */
export function sendGuarded(
  guard: AddressGuard,
  agent: HttpAgent,
  outgoing: OutgoingRequest,
): Promise<IncomingMessage> {
  const { target, method, headers, body, signal } = outgoing;
  const isSecure = target.url.protocol === 'https:';
  const toAdmitted: LookupFunction = (_hostname, options, answer) => {
    const family = isIP(target.address);
    if (options.all) answer(null, [{ address: target.address, family }]);
    else answer(null, target.address, family);
  };
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)({
      agent,
      host: target.host,
      port: target.port,
      path: target.url.pathname + target.url.search,
      method,
      lookup: toAdmitted,
      signal,
      ...(isSecure && isIP(target.host) === 0 && { servername: target.host }),
    });
    request.once('response', resolve);
    request.once('error', reject);
    try {
      for (const [name, value] of headers) request.appendHeader(name, value);
      request.setHeader('host', target.url.host);
      if (body) request.setHeader('content-length', body.length);
    } catch (cause) {
      // it is being connected already
      request.destroy(cause as Error);
      return;
    }
    request.once('socket', (socket) => {
      const write = () => {
        try {
          guard.check(target.host, target.port, socket.remoteAddress ?? '', isSecure);
          request.end(body);
        } catch (cause) {
          request.destroy(cause as Error);
        }
      };
      if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', write);
      else write();
    });
  });
}
