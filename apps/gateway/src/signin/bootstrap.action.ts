import { Injectable } from '@nestjs/common';
import { isSameHash, readToken, TOKEN_KINDS } from '#libs/crypto';
import { Doors, TenantDatabase, type UserRow } from '#libs/database';
import { AppError, newId } from '#libs/kernel';
import { Action, type OpenContext } from '../access/action.ts';
import { AuditTrail } from '../audit/audit.public.ts';
import { OrganizationStore } from './organization.store.ts';
import { Passwords } from './passwords.ts';
import type { Bootstrap, Bootstrapped } from './signin.schema.ts';
import { type IssuedSignIn, TokenIssuer } from './token-issuer.ts';

/** Makes the first owner, who takes over the organization that the installation began with. Once. */
@Injectable()
export class BootstrapAction extends Action<Bootstrap, Bootstrapped & IssuedSignIn, 'open'> {
  readonly needs = 'nothing';
  readonly audits = { itself: 'organization.bootstrap' } as const;
  readonly transaction = 'open';

  constructor(
    private readonly doors: Doors,
    private readonly database: TenantDatabase,
    private readonly organizations: OrganizationStore,
    private readonly passwords: Passwords,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditTrail,
  ) {
    super();
  }

  protected async perform(
    context: OpenContext,
    { token, email, password, organization }: Bootstrap,
  ): Promise<Bootstrapped & IssuedSignIn> {
    const found = await this.find(token);
    const passwordHash = await this.passwords.hash(password);
    const user = await this.doors.ensureUser({ id: newId(), email, passwordHash });
    await this.takeOver(context, found, user, organization.name);
    // only who used the token up: of several at once with one token, the others are nobody
    await this.doors.makePlatformAdmin(user.id);
    const issued = await this.issuer.begin(user, found.organizationId);
    return {
      user: { id: user.id, email: user.email },
      organization: { id: found.organizationId, name: organization.name },
      ...issued,
    };
  }

  private async find(text: string): Promise<{ organizationId: string; id: string }> {
    const token = readToken(text);
    const found =
      token?.letter === TOKEN_KINDS.bootstrap
        ? await this.doors.findBootstrapToken(token.publicId)
        : undefined;
    if (!found?.isUsable || !isSameHash(found.hash, this.issuer.hash(text))) throw invalid();
    return found;
  }

  /** All or nothing: the token is used up in the transaction of what it allows. */
  private async takeOver(
    { request }: OpenContext,
    token: { organizationId: string; id: string },
    user: UserRow,
    name: string,
  ): Promise<void> {
    const { organizationId: orgId, id } = token;
    await this.database.withOrg(orgId, async (tx) => {
      if (!(await this.organizations.useBootstrapToken(tx, id))) throw invalid();
      await this.organizations.addOwner(tx, { orgId, userId: user.id });
      await this.organizations.rename(tx, { orgId, name });
      const principal = { kind: 'user', id: user.id, organizationId: orgId, roles: ['owner'] } as const;
      await this.audit.write({ tx, principal, organizationId: orgId, request }, this.audits.itself, {
        input: { organization: name },
        output: { id: orgId },
      });
    });
  }
}

function invalid(): AppError {
  return new AppError('bootstrap.invalid', {
    detail:
      'The bootstrap token is unknown, used or older than 15 minutes: restart Headgate while nobody has signed up, and it prints a new one.',
  });
}
