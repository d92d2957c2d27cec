import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Version } from './version.schema.ts';
import { VersionStore } from './version.store.ts';

type Input = PageQuery & { flowId: string };

@Injectable()
export class ListVersionsAction extends Action<Input, Page<Version>> {
  readonly needs = 'flow:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly versions: VersionStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { flowId, ...query }: Input): Promise<Page<Version>> {
    return this.versions.list(tx, flowId, query);
  }
}
