import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { FlowSummary } from './flow.schema.ts';
import { FlowStore } from './flow.store.ts';

type Input = PageQuery & { projectId: string };

@Injectable()
export class ListFlowsAction extends Action<Input, Page<FlowSummary>> {
  readonly needs = 'flow:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly flows: FlowStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { projectId, ...query }: Input): Promise<Page<FlowSummary>> {
    return this.flows.list(tx, projectId, query);
  }
}
