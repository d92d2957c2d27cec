import { Injectable } from '@nestjs/common';
import { isSameHash, mintToken, readToken, TOKEN_KINDS } from '#libs/crypto';
import { Doors, type FamilyRow, TenantDatabase } from '#libs/database';
import { AppError } from '#libs/kernel';
import { Action, type OpenContext } from '../access/action.ts';
import { AuditTrail } from '../audit/audit.public.ts';
import type { Refresh } from './signin.schema.ts';
import { type IssuedSignIn, TokenIssuer } from './token-issuer.ts';

type Input = Refresh & { token: string | undefined };

/** Two tabs may refresh at once: the one before counts for this long. */
const GRACE_SECONDS = 10;

/** A new access token for a refresh token, which is used up. One that was used before shows a theft: its family ends. */
@Injectable()
export class RefreshAction extends Action<Input, IssuedSignIn, 'open'> {
  readonly needs = 'nothing';
  readonly audits = { itself: 'sign-in.replayed' } as const;
  readonly transaction = 'open';

  constructor(
    private readonly doors: Doors,
    private readonly database: TenantDatabase,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditTrail,
  ) {
    super();
  }

  protected async perform(
    context: OpenContext,
    { token: text = '', organizationId }: Input,
  ): Promise<IssuedSignIn> {
    const token = readToken(text);
    const family =
      token?.letter === TOKEN_KINDS.refresh ? await this.doors.findFamily(token.publicId) : undefined;
    if (!token || !family?.isUsable) throw invalid();
    const hash = this.issuer.hash(text);
    const user = await this.doors.findUser(family.userId);
    const memberships = await this.doors.membershipsOf(family.userId);
    const wanted = organizationId ?? family.lastOrganizationId;
    if (!user || !memberships.some((one) => one.organizationId === wanted)) throw invalid();

    const next = mintToken('refresh', token.publicId);
    const isCurrent = isSameHash(hash, family.currentHash);
    if (isCurrent && (await this.doors.rotateFamily(family.id, hash, this.issuer.hash(next.text), wanted))) {
      return { ...this.issuer.access(user, wanted, family.id), refreshToken: next.text };
    }
    const isJustBefore =
      family.previousHash !== null &&
      isSameHash(hash, family.previousHash) &&
      family.secondsSinceRotation <= GRACE_SECONDS;
    // the current one that lost a race is the one before by now
    if (isCurrent || isJustBefore)
      return { ...this.issuer.access(user, wanted, family.id), refreshToken: undefined };
    await this.endFamily(context, family);
    throw invalid();
  }

  private async endFamily({ request }: OpenContext, family: FamilyRow): Promise<void> {
    await this.doors.revokeFamily(family.id);
    const organizationId = family.lastOrganizationId;
    const principal = { kind: 'user', id: family.userId, organizationId, roles: [] } as const;
    await this.database.withOrg(organizationId, (tx) =>
      this.audit.write({ tx, principal, organizationId, request }, this.audits.itself, {
        input: {},
        output: { id: family.id },
      }),
    );
  }
}

function invalid(): AppError {
  return new AppError('auth.refresh_invalid', {
    detail: 'The refresh token is missing, expired or used: sign in again.',
  });
}
