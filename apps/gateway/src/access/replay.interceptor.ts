import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import type { ActingRequest } from './actor.ts';

/** Says in a header that an answer is an earlier one. */
@Injectable()
export class ReplayInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<ActingRequest>();
    if (request.headers['idempotency-key'] === undefined) return next.handle();
    return next.handle().pipe(
      map((answer: unknown) => {
        if (request.facts?.isReplayed)
          void http.getResponse<FastifyReply>().header('idempotency-replayed', 'true');
        return answer;
      }),
    );
  }
}
