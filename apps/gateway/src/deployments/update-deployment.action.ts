import { Injectable } from '@nestjs/common';
import type { Scope } from '#libs/domain';
import { Action, type ActionContext } from '../access/action.ts';
import { type Deployment, type UpdateDeployment, wholeOf } from './deployment.schema.ts';
import { DeploymentStore } from './deployment.store.ts';
import { ReleaseCheck } from './release-check.ts';

type Input = UpdateDeployment & { id: string };

/** A change of a deployment is a release; new runs take it, those that exist keep their version. */
@Injectable()
export class UpdateDeploymentAction extends Action<Input, Deployment> {
  readonly needs = 'deployment:write';
  readonly audits = 'deployment.release';
  readonly transaction = 'tenant';
  override readonly changes = 'deployment';

  constructor(
    private readonly deployments: DeploymentStore,
    private readonly releases: ReleaseCheck,
  ) {
    super();
  }

  protected override scopeOf(_context: ActionContext, { id }: Input): Scope {
    return { kind: 'deployment', id };
  }

  protected async perform(
    { tx, organizationId: orgId, principal }: ActionContext,
    { id, traffic, reason = '' }: Input,
  ): Promise<Deployment> {
    const { flowId, environmentId } = await this.deployments.get(tx, id);
    const versionId = wholeOf(traffic);
    await this.releases.pass(tx, { flowId, environmentId, versionId });
    await this.deployments.release(tx, {
      orgId,
      deploymentId: id,
      versionId,
      reason,
      createdBy: principal.id,
    });
    return this.deployments.get(tx, id);
  }
}
