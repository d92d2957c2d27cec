import { Injectable } from '@nestjs/common';
import { isUniqueViolation, type TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError } from '#libs/kernel';
import type { Variable } from './variable.schema.ts';

interface VariableRow {
  id: string;
  projectId: string;
  environmentId: string;
  name: string;
  value: unknown;
  secretVersion: number | null;
  allowedHosts: string[];
  createdAt: Date;
  updatedAt: Date;
}

export interface NewVariable {
  orgId: string;
  id: string;
  projectId: string;
  environmentId: string;
  name: string;
  value?: string;
  secretVersion?: number;
  allowedHosts: string[];
  createdBy: string;
}

@Injectable()
export class VariableStore {
  async hasEnvironment(
    tx: TenantTransaction,
    { projectId, environmentId: id }: { projectId: string; environmentId: string },
  ): Promise<boolean> {
    return (await tx.environment.count({ where: { id, projectId } })) > 0;
  }

  async insert(tx: TenantTransaction, variable: NewVariable): Promise<Variable> {
    try {
      return present(await tx.variable.create({ data: variable }));
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('variable.name_taken', {
        detail: `A variable named "${variable.name}" exists in this environment.`,
      });
    }
  }

  /** The ciphertext can be put in here and is never read back: only the conductor may. */
  async insertSecret(
    tx: TenantTransaction,
    secret: { orgId: string; secretId: string; version: number; kekId: string; envelope: string },
  ): Promise<void> {
    await tx.secretVersion.createMany({ data: [secret] });
  }

  async kekInUse(tx: TenantTransaction): Promise<{ id: string; wrapped: string } | undefined> {
    return (
      (await tx.kek.findFirst({ where: { retiredAt: null }, select: { id: true, wrapped: true } })) ??
      undefined
    );
  }

  async list(
    tx: TenantTransaction,
    projectId: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Variable>> {
    const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } });
    if (!project) throw new AppError('resource.not_found');
    const rows = await tx.variable.findMany({
      where: { projectId, ...(cursor && { id: { gt: cursor } }) },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, present);
  }
}

function present({
  id,
  projectId,
  environmentId,
  name,
  value,
  secretVersion,
  allowedHosts,
  createdAt,
  updatedAt,
}: VariableRow): Variable {
  const secret = secretVersion !== null;
  return {
    id,
    projectId,
    environmentId,
    name,
    secret,
    value: secret ? null : String(value),
    exposure: secret ? 'header' : null,
    allowedHosts,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
