import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { Flow } from './flow.schema.ts';
import { FlowStore } from './flow.store.ts';

@Injectable()
export class GetFlowAction extends Action<{ id: string }, Flow> {
  readonly needs = 'flow:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly flows: FlowStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<Flow> {
    return this.flows.get(tx, id);
  }
}
