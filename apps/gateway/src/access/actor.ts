import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/domain';
import { AppError } from '#libs/kernel';

/** The request as actions know it: who asks for what, without its transport. */
export interface RequestFacts {
  id: string;
  idempotencyKey: string | undefined;
  /** Set by the action where the answer is an earlier one. */
  isReplayed: boolean;
}

/** Whoever acts, and the request in which they do. */
export interface Actor {
  principal: Principal;
  request: RequestFacts;
}

/** Somebody who is not known yet, at the routes that are open. */
export interface Stranger {
  principal: undefined;
  request: RequestFacts;
}

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

export interface ActingRequest extends FastifyRequest {
  principal?: Principal;
  facts?: RequestFacts;
}

function factsOf(request: ActingRequest): RequestFacts {
  request.facts ??= { id: request.id, idempotencyKey: idempotencyKeyOf(request), isReplayed: false };
  return request.facts;
}

export const CurrentActor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor => {
  const request = context.switchToHttp().getRequest<ActingRequest>();
  if (!request.principal) throw new AppError('auth.required');
  return { principal: request.principal, request: factsOf(request) };
});

export const CurrentStranger = createParamDecorator((_data: unknown, context: ExecutionContext): Stranger => {
  return { principal: undefined, request: factsOf(context.switchToHttp().getRequest<ActingRequest>()) };
});

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw new AppError('request.invalid', {
    detail: 'The header Idempotency-Key must hold 1 to 255 printable characters.',
    errors: [{ pointer: '/headers/idempotency-key', detail: 'must hold 1 to 255 printable characters' }],
  });
}
