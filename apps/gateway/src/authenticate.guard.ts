import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Principal } from '#libs/domain';
import { AppError } from '#libs/kernel';
import type { ActingRequest } from './access/actor.ts';
import { JWT_STRATEGY } from './access/jwt.strategy.ts';
import { IS_PUBLIC } from './access/public.ts';
import { KeyAuthenticator } from './keys/keys.public.ts';

/** Every route wants to know who asks, by key or by access token; `@Public()` opens one. */
@Injectable()
export class AuthenticateGuard extends AuthGuard(JWT_STRATEGY) {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyAuthenticator,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean | undefined>(IS_PUBLIC, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<ActingRequest>();
    const credential = credentialOf(request);
    if (credential === undefined) {
      throw new AppError('auth.required', {
        detail: 'Send a key or an access token as "Authorization: Bearer …", or a key as "x-api-key: …".',
      });
    }
    if (credential.isKey) request.principal = await this.keys.authenticate(credential.text);
    else await super.canActivate(context);
    return true;
  }

  override handleRequest<User>(
    error: unknown,
    principal: Principal | false,
    _info: unknown,
    context: ExecutionContext,
  ): User {
    if (error) throw error;
    if (!principal) throw new AppError('token.invalid');
    context.switchToHttp().getRequest<ActingRequest>().principal = principal;
    return principal as User;
  }
}

function credentialOf(request: ActingRequest): { text: string; isKey: boolean } | undefined {
  const apiKey = request.headers['x-api-key'];
  if (typeof apiKey === 'string' && apiKey !== '') return { text: apiKey, isKey: true };
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) return undefined;
  // an access token has dots, a key never
  return { text: bearer, isKey: !bearer.includes('.') };
}
