import { Injectable } from '@nestjs/common';
import type { Scope } from '#libs/domain';
import type { Page } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import { presentRun } from './present-run.ts';
import type { Run, RunQuery } from './run.schema.ts';
import { RunStore } from './run.store.ts';

@Injectable()
export class ListRunsAction extends Action<RunQuery, Page<Run>> {
  readonly needs = 'run:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly runs: RunStore) {
    super();
  }

  /** Everyone may ask for what they may see: the query itself is held to that. */
  protected override scopeOf({ principal }: ActionContext): Scope {
    return principal.kind === 'key'
      ? { kind: 'run', deploymentId: principal.deploymentIds[0] ?? '', keyId: principal.id, userId: null }
      : { kind: 'organization' };
  }

  protected async perform({ tx, principal }: ActionContext, query: RunQuery): Promise<Page<Run>> {
    const { rows, hasMore } = await this.runs.list(tx, principal, query);
    return { data: rows.map(presentRun), nextCursor: hasMore ? (rows.at(-1)?.id ?? null) : null };
  }
}
