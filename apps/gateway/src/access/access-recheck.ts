import { Injectable } from '@nestjs/common';
import { Doors, isOutage } from '#libs/database';
import type { Principal } from '#libs/domain';
import { AppError, Gather } from '#libs/kernel';

/**
 * Asks again, for answers that last, whether whoever reads them still may. However many read and ask, it is one look-up
 * after another, and one for each principal.
 */
@Injectable()
export class AccessRecheck {
  private readonly asked = new Gather<Principal, unknown>(
    (principals) => this.lookUp(principals),
    Number.POSITIVE_INFINITY,
  );

  constructor(private readonly doors: Doors) {}

  /** Throws where the access is lost. An outage says nothing of that. */
  async stillMay(principal: Principal): Promise<void> {
    const reason = await this.asked.add(principal);
    if (reason !== undefined) throw reason;
  }

  /** Of each, why it may no more. */
  private async lookUp(principals: Principal[]): Promise<unknown[]> {
    const reasons = new Map<string, unknown>();
    for (const principal of principals) {
      const name = nameOf(principal);
      if (reasons.has(name)) continue;
      try {
        await this.check(principal);
        reasons.set(name, undefined);
      } catch (cause) {
        // the others would only wait for the same
        if (isOutage(cause)) break;
        reasons.set(name, cause);
      }
    }
    return principals.map((principal) => reasons.get(nameOf(principal)));
  }

  private async check(principal: Principal): Promise<void> {
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

/** What is looked up for it. */
function nameOf(principal: Principal): string {
  const { kind, organizationId, id } = principal;
  return [kind, organizationId, id, ...(kind === 'user' ? principal.roles : [])].join(' ');
}
