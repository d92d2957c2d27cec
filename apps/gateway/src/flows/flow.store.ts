import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation, isUniqueViolation, type TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError } from '#libs/kernel';
import { presentVersion, VERSION_COLUMNS, type VersionRow } from '../versions/versions.public.ts';
import type { Flow } from './flow.schema.ts';

interface FlowRow {
  id: string;
  projectId: string;
  name: string;
  description: string;
  createdAt: Date;
  versions: VersionRow[];
}

const WITH_LATEST = { versions: { orderBy: { number: 'desc' as const }, take: 1, select: VERSION_COLUMNS } };

@Injectable()
export class FlowStore {
  async insert(
    tx: TenantTransaction,
    flow: {
      orgId: string;
      id: string;
      projectId: string;
      name: string;
      description: string;
      createdBy: string;
    },
  ): Promise<void> {
    try {
      await tx.flow.create({ data: flow });
    } catch (cause) {
      if (isForeignKeyViolation(cause)) throw new AppError('resource.not_found');
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('flow.name_taken', {
        detail: `A flow named "${flow.name}" exists in this project: choose another name.`,
      });
    }
  }

  async get(tx: TenantTransaction, id: string): Promise<Flow> {
    const row = await tx.flow.findFirst({ where: { id }, include: WITH_LATEST });
    if (!row) throw new AppError('resource.not_found');
    return present(row);
  }

  async list(tx: TenantTransaction, projectId: string, { limit, cursor }: PageQuery): Promise<Page<Flow>> {
    const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } });
    if (!project) throw new AppError('resource.not_found');
    const rows = await tx.flow.findMany({
      where: { projectId, ...(cursor && { id: { gt: cursor } }) },
      include: WITH_LATEST,
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, present);
  }
}

function present({ id, projectId, name, description, createdAt, versions: [latest] }: FlowRow): Flow {
  return {
    id,
    projectId,
    name,
    description,
    latestVersion: latest ? presentVersion(latest) : null,
    createdAt: createdAt.toISOString(),
  };
}
