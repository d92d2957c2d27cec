import { Injectable } from '@nestjs/common';
import { isUniqueViolation, type TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError, isUuid, newId } from '#libs/kernel';
import type { Deployment } from './deployment.schema.ts';

interface ReleaseRow {
  id: string;
  number: number;
  versionId: string;
  reason: string;
  createdAt: Date;
}

interface DeploymentRow {
  id: string;
  projectId: string;
  environmentId: string;
  flowId: string;
  name: string;
  createdAt: Date;
  environment: { name: string };
  currentRelease: ReleaseRow | null;
}

/** A deployment as a run needs it. */
export interface RunnableDeployment {
  id: string;
  name: string;
  projectId: string;
  environmentId: string;
  environment: string;
  flowId: string;
  versionId: string | null;
  /** Whether one of its nodes can take the main input. */
  takesInput: boolean;
  /** The nodes that could, where there is more than one. */
  ambiguousInputs: string[];
}

const WHOLE = { environment: { select: { name: true } }, currentRelease: true } as const;

@Injectable()
export class DeploymentStore {
  async insert(
    tx: TenantTransaction,
    deployment: {
      orgId: string;
      id: string;
      projectId: string;
      environmentId: string;
      flowId: string;
      name: string;
      createdBy: string;
    },
  ): Promise<void> {
    try {
      await tx.deployment.create({ data: deployment });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new AppError('deployment.name_taken', {
        detail: `A deployment named "${deployment.name}" exists in this environment: choose another name, or release on that one.`,
      });
    }
  }

  /** The projects in which flow and environment are. */
  async placesOf(
    tx: TenantTransaction,
    { flowId, environmentId }: { flowId: string; environmentId: string },
  ): Promise<{ projectId: string; environmentProjectId: string }> {
    const select = { projectId: true };
    const flow = await tx.flow.findFirst({ where: { id: flowId }, select });
    const environment = await tx.environment.findFirst({ where: { id: environmentId }, select });
    if (!flow || !environment) throw new AppError('resource.not_found');
    return { projectId: flow.projectId, environmentProjectId: environment.projectId };
  }

  /** Whose version it is, and the variables without which it does not run. */
  async releasable(tx: TenantTransaction, versionId: string): Promise<{ flowId: string; needs: string[] }> {
    const version = await tx.version.findFirst({
      where: { id: versionId },
      select: { flowId: true, report: true },
    });
    if (!version) throw new AppError('resource.not_found');
    // written by the compiler
    const { variables } = version.report as unknown as { variables: { name: string; isRequired: boolean }[] };
    const needs = variables.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    return { flowId: version.flowId, needs };
  }

  /** Which of these variables an environment has. */
  async variablesOf(tx: TenantTransaction, environmentId: string, names: string[]): Promise<Set<string>> {
    const rows = await tx.variable.findMany({
      where: { environmentId, name: { in: names } },
      select: { name: true },
    });
    return new Set(rows.map(({ name }) => name));
  }

  /** Makes a release the current one. */
  async release(
    tx: TenantTransaction,
    {
      orgId,
      deploymentId,
      versionId,
      reason,
      createdBy,
    }: { orgId: string; deploymentId: string; versionId: string; reason: string; createdBy: string },
  ): Promise<void> {
    await tx.$queryRaw`select id from deployment where id = ${deploymentId}::uuid for update`;
    const last = await tx.release.findFirst({
      where: { deploymentId },
      orderBy: { number: 'desc' },
      select: { number: true },
    });
    const release = await tx.release.create({
      data: {
        orgId,
        id: newId(),
        deploymentId,
        number: (last?.number ?? 0) + 1,
        versionId,
        reason,
        createdBy,
      },
      select: { id: true },
    });
    await tx.deployment.update({
      where: { orgId_id: { orgId, id: deploymentId } },
      data: { currentReleaseId: release.id },
    });
  }

  async get(tx: TenantTransaction, id: string): Promise<Deployment> {
    const row = await tx.deployment.findFirst({ where: { id }, include: WHOLE });
    if (!row) throw new AppError('resource.not_found');
    return present(row);
  }

  async list(
    tx: TenantTransaction,
    { limit, cursor }: PageQuery,
    within: { projectId?: string },
  ): Promise<Page<Deployment>> {
    const rows = await tx.deployment.findMany({
      where: { ...within, ...(cursor && { id: { gt: cursor } }) },
      include: WHOLE,
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return page(rows, limit, present);
  }

  /** All deployments of the organization that a reference could mean: an id, a name, or `name@environment`. */
  async candidates(tx: TenantTransaction, ref: string): Promise<RunnableDeployment[]> {
    const [name = '', environment] = ref.split('@');
    const rows = await tx.deployment.findMany({
      where: isUuid(ref)
        ? { id: ref }
        : { name, ...(environment !== undefined && { environment: { name: environment } }) },
      include: {
        environment: { select: { name: true } },
        currentRelease: { select: { versionId: true, version: { select: { report: true } } } },
      },
      orderBy: { id: 'asc' },
      take: 100,
    });
    return rows.map((row) => {
      const report = row.currentRelease?.version.report as
        | { inputs: unknown[]; ambiguousInputs: string[] }
        | undefined;
      return {
        id: row.id,
        name: row.name,
        projectId: row.projectId,
        environmentId: row.environmentId,
        environment: row.environment.name,
        flowId: row.flowId,
        versionId: row.currentRelease?.versionId ?? null,
        takesInput: (report?.inputs.length ?? 0) > 0,
        ambiguousInputs: report?.ambiguousInputs ?? [],
      };
    });
  }
}

function present(row: DeploymentRow): Deployment {
  const { id, projectId, environmentId, environment, flowId, name, createdAt, currentRelease } = row;
  return {
    id,
    projectId,
    environmentId,
    environment: environment.name,
    flowId,
    name,
    release: currentRelease && {
      id: currentRelease.id,
      number: currentRelease.number,
      traffic: [{ versionId: currentRelease.versionId, basisPoints: 10_000 }],
      reason: currentRelease.reason,
      createdAt: currentRelease.createdAt.toISOString(),
    },
    createdAt: createdAt.toISOString(),
  };
}
