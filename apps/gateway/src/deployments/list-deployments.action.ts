import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Deployment } from './deployment.schema.ts';
import { DeploymentStore } from './deployment.store.ts';

type Input = PageQuery & { projectId?: string | undefined };

@Injectable()
export class ListDeploymentsAction extends Action<Input, Page<Deployment>> {
  readonly needs = 'deployment:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly deployments: DeploymentStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { projectId, ...query }: Input): Promise<Page<Deployment>> {
    return this.deployments.list(tx, query, projectId === undefined ? {} : { projectId });
  }
}
