import { Injectable } from '@nestjs/common';
import { Doors, TenantDatabase } from '#libs/database';
import { permissionsOf } from '#libs/domain';
import { AppError } from '#libs/kernel';
import { Action, type FreeContext } from '../access/action.ts';
import { OrganizationStore } from './organization.store.ts';
import type { Me } from './signin.schema.ts';

/** Who I am here and what I may do. */
@Injectable()
export class GetMeAction extends Action<Record<string, never>, Me, 'none'> {
  readonly needs = 'organization:read';
  readonly audits = 'none';
  readonly transaction = 'none';

  constructor(
    private readonly doors: Doors,
    private readonly database: TenantDatabase,
    private readonly organizations: OrganizationStore,
  ) {
    super();
  }

  protected async perform({ principal, organizationId }: FreeContext): Promise<Me> {
    const name = await this.database.withOrg(organizationId, (tx) => this.organizations.name(tx));
    const user = principal.kind === 'user' ? await this.doors.findUser(principal.id) : undefined;
    if (name === undefined || principal.kind !== 'user' || !user) throw new AppError('resource.not_found');
    return {
      user: { id: user.id, email: user.email },
      organization: { id: organizationId, name },
      roles: [...principal.roles],
      permissions: permissionsOf(principal.roles),
    };
  }
}
