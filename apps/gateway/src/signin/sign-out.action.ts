import { Injectable } from '@nestjs/common';
import { isSameHash, readToken, TOKEN_KINDS } from '#libs/crypto';
import { Doors } from '#libs/database';
import { Action, type OpenContext } from '../access/action.ts';
import { TokenIssuer } from './token-issuer.ts';

/** Ends a sign-in. Signing out twice, or without having signed in, is no fault. */
@Injectable()
export class SignOutAction extends Action<{ token: string | undefined }, void, 'open'> {
  readonly needs = 'nothing';
  readonly audits = 'none';
  readonly transaction = 'open';

  constructor(
    private readonly doors: Doors,
    private readonly issuer: TokenIssuer,
  ) {
    super();
  }

  protected async perform(
    _context: OpenContext,
    { token: text = '' }: { token: string | undefined },
  ): Promise<void> {
    const token = readToken(text);
    if (token?.letter !== TOKEN_KINDS.refresh) return;
    const family = await this.doors.findFamily(token.publicId);
    if (family && isSameHash(family.currentHash, this.issuer.hash(text)))
      await this.doors.revokeFamily(family.id);
  }
}
