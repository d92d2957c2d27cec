import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError } from '#libs/kernel';
import type { Version, VersionSummary } from './version.schema.ts';

interface SummaryRow {
  id: string;
  flowId: string;
  number: number;
  contentHash: string;
  note: string;
  createdAt: Date;
}
type VersionRow = SummaryRow & { report: unknown };

/** What stands in a list: nothing that can be large. */
export const SUMMARY_COLUMNS = {
  id: true,
  flowId: true,
  number: true,
  contentHash: true,
  note: true,
  createdAt: true,
} as const;

/** All but the definition and the plan. */
export const VERSION_COLUMNS = { ...SUMMARY_COLUMNS, report: true } as const;

export interface NewVersion {
  orgId: string;
  id: string;
  flowId: string;
  contentHash: string;
  definition: object;
  planHash: string;
  report: object;
  note: string;
  createdBy: string;
}

@Injectable()
export class VersionStore {
  /** Waits for others who make a version of the same flow, so that numbers are dense and content is there once. */
  async lockFlow(tx: TenantTransaction, flowId: string): Promise<void> {
    const rows = await tx.$queryRaw<unknown[]>`select id from flow where id = ${flowId}::uuid for update`;
    if (rows.length === 0) throw new AppError('resource.not_found');
  }

  async findByContent(
    tx: TenantTransaction,
    flowId: string,
    contentHash: string,
  ): Promise<Version | undefined> {
    const row = await tx.version.findFirst({ where: { flowId, contentHash }, select: VERSION_COLUMNS });
    return row ? presentVersion(row) : undefined;
  }

  async insert(tx: TenantTransaction, version: NewVersion): Promise<Version> {
    const last = await tx.version.findFirst({
      where: { flowId: version.flowId },
      orderBy: { number: 'desc' },
      select: { number: true },
    });
    const row = await tx.version.create({
      data: { ...version, number: (last?.number ?? 0) + 1 },
      select: VERSION_COLUMNS,
    });
    return presentVersion(row);
  }

  async addBlob(tx: TenantTransaction, blob: { orgId: string; hash: string; size: number }): Promise<void> {
    await tx.blob.createMany({ data: [{ ...blob, size: BigInt(blob.size) }], skipDuplicates: true });
  }

  async get(tx: TenantTransaction, id: string): Promise<Version> {
    const row = await tx.version.findFirst({ where: { id }, select: VERSION_COLUMNS });
    if (!row) throw new AppError('resource.not_found');
    return presentVersion(row);
  }

  async list(
    tx: TenantTransaction,
    flowId: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<VersionSummary>> {
    const flow = await tx.flow.findFirst({ where: { id: flowId }, select: { id: true } });
    if (!flow) throw new AppError('resource.not_found');
    const rows = await tx.version.findMany({
      where: { flowId, ...(cursor && { id: { lt: cursor } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
      select: SUMMARY_COLUMNS,
    });
    return page(rows, limit, presentSummary);
  }
}

export function presentVersion({ report, ...row }: VersionRow): Version {
  return { ...presentSummary(row), report: report as Version['report'] };
}

export function presentSummary({
  id,
  flowId,
  number,
  contentHash,
  note,
  createdAt,
}: SummaryRow): VersionSummary {
  return { id, flowId, number, contentHash, note, engine: 'native', createdAt: createdAt.toISOString() };
}
