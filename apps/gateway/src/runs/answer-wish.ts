import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DEFAULTS } from '#libs/domain';

/** How a caller wants to hear of a run: at once that it is accepted, when it has ended, or as it goes. */
export type AnswerWish =
  | { as: 'accepted' }
  | { as: 'ended'; waitSeconds: number; isPreference: boolean }
  | { as: 'stream' };

export const Wish = createParamDecorator((_data: unknown, context: ExecutionContext): AnswerWish => {
  return wishOf(context.switchToHttp().getRequest<FastifyRequest>());
});

export function wantsStream(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '')
    .split(',')
    .some((type) => type.split(';')[0]?.trim().toLowerCase() === 'text/event-stream');
}

export function wishOf(request: FastifyRequest): AnswerWish {
  if (wantsStream(request)) return { as: 'stream' };
  const inQuery = Number((request.query as { wait?: unknown }).wait);
  if (inQuery > 0)
    return { as: 'ended', waitSeconds: Math.min(inQuery, DEFAULTS.waitMaxSeconds), isPreference: false };
  const preferred = Number(/(?:^|[,;\s])wait=(\d+)/.exec(String(request.headers['prefer'] ?? ''))?.[1]);
  if (preferred > 0)
    return { as: 'ended', waitSeconds: Math.min(preferred, DEFAULTS.waitMaxSeconds), isPreference: true };
  return { as: 'accepted' };
}
