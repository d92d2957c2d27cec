import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Variable } from './variable.schema.ts';
import { VariableStore } from './variable.store.ts';

type Input = PageQuery & { projectId: string };

@Injectable()
export class ListVariablesAction extends Action<Input, Page<Variable>> {
  readonly needs = 'variable:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly variables: VariableStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { projectId, ...query }: Input): Promise<Page<Variable>> {
    return this.variables.list(tx, projectId, query);
  }
}
