import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Post,
  Req,
  Res,
  SerializeOptions,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, CurrentActor, CurrentStranger, type Stranger } from '../access/actor.ts';
import { Public } from '../access/public.ts';
import { BootstrapAction } from './bootstrap.action.ts';
import { GetMeAction } from './get-me.action.ts';
import { RefreshAction } from './refresh.action.ts';
import { clearRefreshCookie, readRefreshCookie, setRefreshCookie } from './refresh-cookie.ts';
import { SignInAction } from './sign-in.action.ts';
import { SignOutAction } from './sign-out.action.ts';
import { Bootstrap, Bootstrapped, Me, Refresh, SignedIn, SignIn } from './signin.schema.ts';
import type { IssuedSignIn } from './token-issuer.ts';

@Controller('v1')
export class SigninController {
  constructor(
    private readonly bootstrap: BootstrapAction,
    private readonly signIn: SignInAction,
    private readonly refresh: RefreshAction,
    private readonly signOut: SignOutAction,
    private readonly getMe: GetMeAction,
  ) {}

  @Public()
  @Post('bootstrap')
  @SerializeOptions({ schema: Bootstrapped })
  @ApiCreatedResponse({ standardSchema: Bootstrapped })
  async begin(
    @CurrentStranger() stranger: Stranger,
    @Body({ schema: Bootstrap }) body: Bootstrap,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Bootstrapped> {
    return withCookie(request, reply, await this.bootstrap.run(stranger, body));
  }

  @Public()
  @Post('auth/login')
  @HttpCode(HttpStatus.OK)
  @SerializeOptions({ schema: SignedIn })
  @ApiOkResponse({ standardSchema: SignedIn })
  async login(
    @CurrentStranger() stranger: Stranger,
    @Body({ schema: SignIn }) body: SignIn,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedIn> {
    return withCookie(request, reply, await this.signIn.run(stranger, body));
  }

  @Public()
  @Post('auth/refresh')
  @HttpCode(HttpStatus.OK)
  @SerializeOptions({ schema: SignedIn })
  @ApiOkResponse({ standardSchema: SignedIn })
  async renew(
    @CurrentStranger() stranger: Stranger,
    @Body({ schema: Refresh }) body: Refresh,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedIn> {
    return withCookie(
      request,
      reply,
      await this.refresh.run(stranger, { ...body, token: readRefreshCookie(request) }),
    );
  }

  @Public()
  @Post('auth/logout')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiNoContentResponse()
  async logout(
    @CurrentStranger() stranger: Stranger,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.signOut.run(stranger, { token: readRefreshCookie(request) });
    clearRefreshCookie(request, reply);
  }

  @Get('me')
  @SerializeOptions({ schema: Me })
  @ApiOkResponse({ standardSchema: Me })
  me(@CurrentActor() actor: Actor): Promise<Me> {
    return this.getMe.run(actor, {});
  }
}

function withCookie<Issued extends IssuedSignIn>(
  request: FastifyRequest,
  reply: FastifyReply,
  issued: Issued,
): Omit<Issued, 'refreshToken'> {
  const { refreshToken, ...shown } = issued;
  if (refreshToken !== undefined) setRefreshCookie(request, reply, refreshToken);
  return shown;
}
