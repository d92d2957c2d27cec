import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { newId } from '#libs/kernel';
import {
  ATTRIBUTES,
  forNewRun,
  isTracing,
  linksTo,
  readTraceparent,
  startRoot,
  TRACEPARENT,
  traceOfRun,
} from '#libs/telemetry';

/** Asked all the time, and told of nothing. */
const UNTRACED = new Set(['/healthz', '/readyz']);

/**
 * A span for each request that could be read, named after its route: neither path nor query, which hold ids and signatures.
 * What a caller says of a trace of its own is a link, so that nobody decides from outside what is in ours.
 */
export function traceRequests(
  server: FastifyInstance,
  organizationOf: (request: FastifyRequest) => string | undefined,
): void {
  if (!isTracing()) return;
  const arrivals = new WeakMap<FastifyRequest, number>();
  server.addHook('onRequest', (request, _reply, done) => {
    arrivals.set(request, Date.now());
    done();
  });
  server.addHook('preHandler', (request, reply, done) => {
    const route = templateOf(request);
    if (route !== undefined && UNTRACED.has(route)) return done();
    // made now and not when the request came: ids of runs tell when runs were accepted
    const id = newId();
    const span = startRequest(request, route, traceOfRun(id), arrivals.get(request));
    reply.raw.once('close', () => endRequest(span, reply, organizationOf(request)));
    context.with(forNewRun(trace.setSpan(ROOT_CONTEXT, span), id), done);
  });
}

function startRequest(
  { method, headers }: FastifyRequest,
  route: string | undefined,
  traceId: string,
  startTime: number | undefined,
): Span {
  const caller = headers[TRACEPARENT];
  return startRoot(route === undefined ? method : `${method} ${route}`, traceId, {
    kind: SpanKind.SERVER,
    ...(startTime !== undefined && { startTime }),
    links: linksTo(readTraceparent(typeof caller === 'string' ? caller : undefined)),
    attributes: { 'http.request.method': method, ...(route !== undefined && { 'http.route': route }) },
  });
}

function endRequest(span: Span, { statusCode, raw }: FastifyReply, organizationId: string | undefined): void {
  // a caller who left got no answer
  if (raw.headersSent) span.setAttribute('http.response.status_code', statusCode);
  if (organizationId !== undefined) span.setAttribute(ATTRIBUTES.organization, organizationId);
  if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** As the documentation writes it: `/v1/runs/{id}`. */
function templateOf({ routeOptions: { url } }: FastifyRequest): string | undefined {
  return url?.replaceAll(/:(\w+)/g, '{$1}');
}
