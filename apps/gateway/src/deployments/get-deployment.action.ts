import { Injectable } from '@nestjs/common';
import type { Scope } from '#libs/domain';
import { Action, type ActionContext } from '../access/action.ts';
import type { Deployment } from './deployment.schema.ts';
import { DeploymentStore } from './deployment.store.ts';

@Injectable()
export class GetDeploymentAction extends Action<{ id: string }, Deployment> {
  readonly needs = 'deployment:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly deployments: DeploymentStore) {
    super();
  }

  protected override scopeOf(_context: ActionContext, { id }: { id: string }): Scope {
    return { kind: 'deployment', id };
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<Deployment> {
    return this.deployments.get(tx, id);
  }
}
