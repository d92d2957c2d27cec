import { Module } from '@nestjs/common';
import { BootstrapAction } from './bootstrap.action.ts';
import { GetMeAction } from './get-me.action.ts';
import { OrganizationStore } from './organization.store.ts';
import { Passwords } from './passwords.ts';
import { RefreshAction } from './refresh.action.ts';
import { SignInAction } from './sign-in.action.ts';
import { SignOutAction } from './sign-out.action.ts';
import { SigninController } from './signin.controller.ts';
import { TokenIssuer } from './token-issuer.ts';

@Module({
  controllers: [SigninController],
  providers: [
    OrganizationStore,
    Passwords,
    TokenIssuer,
    BootstrapAction,
    SignInAction,
    RefreshAction,
    SignOutAction,
    GetMeAction,
  ],
})
export class SigninModule {}
