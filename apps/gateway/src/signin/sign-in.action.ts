import { Injectable } from '@nestjs/common';
import { Doors } from '#libs/database';
import { AppError } from '#libs/kernel';
import { Action, type OpenContext } from '../access/action.ts';
import { Passwords } from './passwords.ts';
import type { SignIn } from './signin.schema.ts';
import { type IssuedSignIn, TokenIssuer } from './token-issuer.ts';

/** By e-mail and password. Whatever is wrong, the answer is the same, and takes as long. */
@Injectable()
export class SignInAction extends Action<SignIn, IssuedSignIn, 'open'> {
  readonly needs = 'nothing';
  readonly audits = 'none';
  readonly transaction = 'open';

  constructor(
    private readonly doors: Doors,
    private readonly passwords: Passwords,
    private readonly issuer: TokenIssuer,
  ) {
    super();
  }

  protected async perform(
    _context: OpenContext,
    { email, password, organizationId }: SignIn,
  ): Promise<IssuedSignIn> {
    const user = await this.doors.findUserByEmail(email.trim().toLowerCase());
    const isRight = await this.passwords.verify(user?.passwordHash, password);
    if (!user || !isRight) throw failed();
    if (this.passwords.isOutdated(user.passwordHash))
      await this.doors.setPasswordHash(user.id, await this.passwords.hash(password));
    const memberships = await this.doors.membershipsOf(user.id);
    const membership =
      organizationId === undefined
        ? memberships[0]
        : memberships.find((one) => one.organizationId === organizationId);
    if (!membership) throw failed();
    return this.issuer.begin(user, membership.organizationId);
  }
}

function failed(): AppError {
  return new AppError('auth.failed', {
    detail: 'E-mail or password is wrong, or you do not belong to that organization.',
  });
}
