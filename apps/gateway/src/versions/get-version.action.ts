import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { Version } from './version.schema.ts';
import { VersionStore } from './version.store.ts';

@Injectable()
export class GetVersionAction extends Action<{ id: string }, Version> {
  readonly needs = 'flow:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly versions: VersionStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<Version> {
    return this.versions.get(tx, id);
  }
}
