import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { VersionSummary } from './version.schema.ts';
import { VersionStore } from './version.store.ts';

type Input = PageQuery & { flowId: string };

@Injectable()
export class ListVersionsAction extends Action<Input, Page<VersionSummary>> {
  readonly needs = 'flow:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly versions: VersionStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { flowId, ...query }: Input): Promise<Page<VersionSummary>> {
    return this.versions.list(tx, flowId, query);
  }
}
