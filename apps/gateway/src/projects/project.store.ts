import { Injectable } from '@nestjs/common';
import { isUniqueViolation, type TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError } from '#libs/kernel';
import type { Project } from './project.schema.ts';

interface ProjectRow {
  id: string;
  name: string;
  createdAt: Date;
}

@Injectable()
export class ProjectStore {
  async insert(
    tx: TenantTransaction,
    project: { orgId: string; id: string; name: string },
  ): Promise<Project> {
    try {
      return present(await tx.project.create({ data: project }));
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('project.name_taken', {
        detail: `A project named "${project.name}" exists: choose another name.`,
      });
    }
  }

  async get(tx: TenantTransaction, id: string): Promise<Project> {
    const row = await tx.project.findFirst({ where: { id } });
    if (!row) throw new AppError('resource.not_found');
    return present(row);
  }

  async list(tx: TenantTransaction, { limit, cursor }: PageQuery): Promise<Page<Project>> {
    const rows = await tx.project.findMany({
      ...(cursor && { where: { id: { gt: cursor } } }),
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, present);
  }
}

function present({ id, name, createdAt }: ProjectRow): Project {
  return { id, name, createdAt: createdAt.toISOString() };
}
