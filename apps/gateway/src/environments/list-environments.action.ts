import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Environment } from './environment.schema.ts';
import { EnvironmentStore } from './environment.store.ts';

type Input = PageQuery & { projectId: string };

@Injectable()
export class ListEnvironmentsAction extends Action<Input, Page<Environment>> {
  readonly needs = 'project:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly environments: EnvironmentStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { projectId, ...query }: Input): Promise<Page<Environment>> {
    return this.environments.list(tx, projectId, query);
  }
}
