import { Injectable } from '@nestjs/common';
import { TenantDatabase } from '#libs/database';
import { DEFAULTS, may, type Principal } from '#libs/domain';
import { AppError, TtlCache } from '#libs/kernel';
import { DeploymentStore, type RunnableDeployment } from './deployment.store.ts';

const REF = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}(@[^@\p{Cc}]{1,80})?$/u;

/** Finds what a reference means to a principal, from a cache that changes are announced to. */
@Injectable()
export class DeploymentDirectory {
  private readonly found = new TtlCache<RunnableDeployment[]>(DEFAULTS.controlFreshMs, 20_000);

  constructor(
    private readonly database: TenantDatabase,
    private readonly deployments: DeploymentStore,
  ) {}

  async resolve(
    principal: Principal,
    ref: string,
    projectId: string | undefined,
  ): Promise<RunnableDeployment> {
    if (!REF.test(ref)) throw new AppError('resource.not_found');
    const { organizationId } = principal;
    const all = await this.found.get(`${organizationId}/${ref}`, () => this.find(organizationId, ref));
    const candidates = (all ?? []).filter(
      (one) =>
        (projectId === undefined || one.projectId === projectId) &&
        may(principal, 'run:create', { kind: 'deployment', id: one.id }),
    );
    const [first, ...others] = candidates;
    if (!first) throw new AppError('resource.not_found');
    if (others.length > 0) {
      const shown = candidates.map(({ id, name, environment, projectId: project }) => ({
        id,
        name,
        environment,
        projectId: project,
      }));
      throw new AppError('deployment.ambiguous', {
        detail: `${candidates.length} deployments are named "${ref}": use an id, name@environment, or ?projectId=.`,
        members: { candidates: shown },
      });
    }
    return first;
  }

  /** A deployment of the organization changed, or of any: what is cached is stale. */
  forget(organizationId?: string): void {
    if (organizationId === undefined) this.found.clear();
    else this.found.forget((key) => key.startsWith(`${organizationId}/`));
  }

  private async find(organizationId: string, ref: string): Promise<RunnableDeployment[] | undefined> {
    const all = await this.database.withOrg(organizationId, (tx) => this.deployments.candidates(tx, ref));
    return all.length > 0 ? all : undefined;
  }
}
