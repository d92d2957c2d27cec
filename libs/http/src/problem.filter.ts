import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type Problem, problemOf } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';

const RETRY_AFTER_SECONDS = 2;

/** Turns whatever is thrown into a problem document; what was not expected is logged, once, and tells a client nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly isOutage: (error: unknown) => boolean,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent) return;
    sendProblem(
      http.getRequest<FastifyRequest>(),
      reply,
      this.explain(thrown, http.getRequest<FastifyRequest>()),
    );
  }

  explain(thrown: unknown, request: FastifyRequest): Problem {
    const expected = expectedError(thrown);
    if (expected) return problemOf(expected);
    if (this.isOutage(thrown)) {
      this.log.warn({ err: thrown, request: request.id }, 'the database is not there');
      return problemOf(
        new AppError('service.unavailable', {
          detail: 'The database cannot be reached at the moment: try again.',
        }),
      );
    }
    this.log.error({ err: thrown, request: request.id }, 'a request failed unexpectedly');
    return problemOf(
      new AppError('internal', {
        detail: 'Something went wrong on our side; it has been logged under the request id.',
      }),
    );
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  if (problem.code === 'service.unavailable') void reply.header('retry-after', RETRY_AFTER_SECONDS);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(withRequest(problem, request)));
}

export function withRequest(problem: Problem, request: FastifyRequest): Problem {
  return { ...problem, instance: `urn:headgate:request:${request.id}`, requestId: request.id };
}

function expectedError(thrown: unknown): AppError | undefined {
  if (thrown instanceof AppError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return new AppError('request.malformed', {
      detail: 'The body is empty although its content type is application/json.',
    });
  }
  switch (thrown instanceof HttpException ? thrown.getStatus() : statusCode) {
    case 400:
      return new AppError('request.malformed', { detail: 'The request is not well-formed.' });
    case 404:
      return new AppError('route.not_found');
    case 408:
      return new AppError('request.timeout');
    case 413:
      return new AppError('request.too_large');
    case 415:
      return new AppError('request.unsupported_media_type', { detail: 'Send the body as application/json.' });
    default:
      return undefined;
  }
}
