import { Injectable } from '@nestjs/common';
import { Doors } from '#libs/database';
import type { Principal } from '#libs/domain';
import { AppError } from '#libs/kernel';

/** Asks again, for answers that last, whether whoever reads them still may. */
@Injectable()
export class AccessRecheck {
  constructor(private readonly doors: Doors) {}

  async stillMay(principal: Principal): Promise<void> {
    const { id, organizationId } = principal;
    if (principal.kind === 'key') {
      if (!(await this.doors.isKeyAlive(organizationId, id))) throw new AppError('key.revoked');
      return;
    }
    const memberships = await this.doors.membershipsOf(id);
    const roles = memberships.find((one) => one.organizationId === organizationId)?.roles ?? [];
    if (!principal.roles.every((role) => roles.includes(role)))
      throw new AppError('permission.denied', { detail: 'Your access has changed: sign in again.' });
  }
}
