import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEFAULTS } from '#libs/domain';
import { acceptJsonOnly, answerUnreadable, sendProblem, traceRequests } from '#libs/http';
import { AppError, newId, problemOf } from '#libs/kernel';
import type { ActingRequest } from './access/actor.ts';
import { GatewayModule, type GatewayParts } from './gateway.module.ts';

/** What stands around a definition in its body. */
const ENVELOPE_BYTES = 64 * 1024;
const DEFINITION_ROUTE = /^\/v1\/(projects\/[^/]+\/flows|flows\/[^/]+\/versions)\/?(\?|$)/;
const BLOB_ROUTE = /^\/blobs\//;

/** The HTTP side of Headgate; it does not listen yet. */
export async function createGateway(parts: GatewayParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: DEFAULTS.definitionBytes + ENVELOPE_BYTES,
    genReqId: () => newId(),
    routerOptions: { maxParamLength: 300 },
    // a path that the router cannot read reaches neither a route nor the filter
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, problemOf(new AppError('route.not_found'))),
    clientErrorHandler: answerUnreadable,
    forceCloseConnections: true,
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.of(parts), adapter, {
    bodyParser: false,
    // what fails at start is thrown, and what fails later has its own log
    abortOnError: false,
    logger: false,
  });
  acceptJsonOnly(adapter.getInstance(), {
    limitOf: bodyLimit,
    takesBytes: ({ url }) => BLOB_ROUTE.test(url),
  });
  traceRequests(adapter.getInstance(), (request: ActingRequest) => request.principal?.organizationId);
  return app;
}

function bodyLimit({ url }: FastifyRequest): number {
  if (BLOB_ROUTE.test(url)) return DEFAULTS.outputBytes;
  return DEFINITION_ROUTE.test(url) ? DEFAULTS.definitionBytes + ENVELOPE_BYTES : DEFAULTS.bodyBytes;
}
