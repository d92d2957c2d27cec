import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { newId, wallMs } from '#libs/kernel';

@Injectable()
export class OrganizationStore {
  async name(tx: TenantTransaction): Promise<string | undefined> {
    return (await tx.organization.findFirst({ select: { name: true } }))?.name;
  }

  /** False where the token cannot be used any more. */
  async useBootstrapToken(tx: TenantTransaction, id: string): Promise<boolean> {
    const used = await tx.bootstrapToken.updateMany({
      where: { id, usedAt: null, voidedAt: null, expiresAt: { gt: new Date(wallMs()) } },
      data: { usedAt: new Date(wallMs()) },
    });
    return used.count === 1;
  }

  async addOwner(tx: TenantTransaction, { orgId, userId }: { orgId: string; userId: string }): Promise<void> {
    await tx.membership.create({ data: { orgId, userId } });
    await tx.binding.create({
      data: {
        orgId,
        id: newId(),
        subjectKind: 'user',
        subjectId: userId,
        role: 'owner',
        scopeKind: 'organization',
        scopeId: orgId,
        createdBy: userId,
      },
    });
  }

  async rename(tx: TenantTransaction, { orgId, name }: { orgId: string; name: string }): Promise<void> {
    await tx.organization.update({ where: { orgId }, data: { name } });
  }
}
