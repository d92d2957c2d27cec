import { Injectable } from '@nestjs/common';
import { AppError, newId } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import { type CreateDeployment, type Deployment, wholeOf } from './deployment.schema.ts';
import { DeploymentStore } from './deployment.store.ts';
import { ReleaseCheck } from './release-check.ts';

@Injectable()
export class CreateDeploymentAction extends Action<CreateDeployment, Deployment> {
  readonly needs = 'deployment:write';
  readonly audits = 'deployment.create';
  readonly transaction = 'tenant';
  override readonly changes = 'deployment';
  override readonly creates = 'POST /v1/deployments';

  constructor(
    private readonly deployments: DeploymentStore,
    private readonly releases: ReleaseCheck,
  ) {
    super();
  }

  protected async perform(
    context: ActionContext,
    { flowId, environmentId, name, traffic }: CreateDeployment,
  ): Promise<Deployment> {
    const { tx, organizationId: orgId, principal } = context;
    const { projectId, environmentProjectId } = await this.deployments.placesOf(tx, {
      flowId,
      environmentId,
    });
    if (projectId !== environmentProjectId) {
      throw new AppError('deployment.flow_foreign', {
        detail: 'The flow and the environment belong to different projects: choose both of one.',
      });
    }
    const id = newId();
    await this.deployments.insert(tx, {
      orgId,
      id,
      projectId,
      environmentId,
      flowId,
      name,
      createdBy: principal.id,
    });
    if (traffic) {
      const versionId = wholeOf(traffic);
      await this.releases.pass(tx, { flowId, environmentId, versionId });
      await this.deployments.release(tx, {
        orgId,
        deploymentId: id,
        versionId,
        reason: '',
        createdBy: principal.id,
      });
    }
    return this.deployments.get(tx, id);
  }
}
