import { Injectable } from '@nestjs/common';
import type { Scope } from '#libs/domain';
import { Action, type ActionContext } from '../access/action.ts';
import { type RunRow, RunStore } from './run.store.ts';

@Injectable()
export class GetRunAction extends Action<{ id: string }, RunRow> {
  readonly needs = 'run:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly runs: RunStore) {
    super();
  }

  protected override scopeOf({ tx }: ActionContext, { id }: { id: string }): Promise<Scope> {
    return this.runs.scope(tx, id);
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<RunRow> {
    return this.runs.get(tx, id);
  }
}
