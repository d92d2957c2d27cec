import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError, newId } from '#libs/kernel';
import type { Environment } from './environment.schema.ts';

interface EnvironmentRow {
  id: string;
  projectId: string;
  name: string;
  position: number;
  isDefault: boolean;
  createdAt: Date;
}

const DEFAULT_NAME = 'development';

@Injectable()
export class EnvironmentStore {
  async insertDefault(
    tx: TenantTransaction,
    { orgId, projectId }: { orgId: string; projectId: string },
  ): Promise<Environment> {
    return present(
      await tx.environment.create({
        data: { orgId, id: newId(), projectId, name: DEFAULT_NAME, position: 1, isDefault: true },
      }),
    );
  }

  async get(tx: TenantTransaction, id: string): Promise<Environment> {
    const row = await tx.environment.findFirst({ where: { id } });
    if (!row) throw new AppError('resource.not_found');
    return present(row);
  }

  async list(
    tx: TenantTransaction,
    projectId: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Environment>> {
    const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } });
    if (!project) throw new AppError('resource.not_found');
    const rows = await tx.environment.findMany({
      where: { projectId, ...(cursor && { id: { gt: cursor } }) },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, present);
  }
}

function present({ id, projectId, name, position, isDefault, createdAt }: EnvironmentRow): Environment {
  return { id, projectId, name, position, isDefault, createdAt: createdAt.toISOString() };
}
