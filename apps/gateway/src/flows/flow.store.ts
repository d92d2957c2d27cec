import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation, isUniqueViolation, type TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError } from '#libs/kernel';
import {
  presentSummary,
  presentVersion,
  SUMMARY_COLUMNS,
  VERSION_COLUMNS,
} from '../versions/versions.public.ts';
import type { Flow, FlowSummary } from './flow.schema.ts';

interface FlowRow<Latest> {
  id: string;
  projectId: string;
  name: string;
  description: string;
  createdAt: Date;
  versions: Latest[];
}

const LATEST = { orderBy: { number: 'desc' }, take: 1 } as const;

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
    const row = await tx.flow.findFirst({
      where: { id },
      include: { versions: { ...LATEST, select: VERSION_COLUMNS } },
    });
    if (!row) throw new AppError('resource.not_found');
    return present(row, presentVersion);
  }

  async list(
    tx: TenantTransaction,
    projectId: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<FlowSummary>> {
    const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } });
    if (!project) throw new AppError('resource.not_found');
    const rows = await tx.flow.findMany({
      where: { projectId, ...(cursor && { id: { gt: cursor } }) },
      include: { versions: { ...LATEST, select: SUMMARY_COLUMNS } },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, (row) => present(row, presentSummary));
  }
}

function present<Latest, Shown>(
  { id, projectId, name, description, createdAt, versions: [latest] }: FlowRow<Latest>,
  show: (latest: Latest) => Shown,
) {
  return {
    id,
    projectId,
    name,
    description,
    latestVersion: latest ? show(latest) : null,
    createdAt: createdAt.toISOString(),
  };
}
