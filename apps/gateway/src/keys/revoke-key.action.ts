import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { Key } from './key.schema.ts';
import { KeyStore } from './key.store.ts';

@Injectable()
export class RevokeKeyAction extends Action<{ id: string }, Key> {
  readonly needs = 'key:write';
  readonly audits = 'key.revoke';
  readonly transaction = 'tenant';
  override readonly changes = 'key';

  constructor(private readonly keys: KeyStore) {
    super();
  }

  protected async perform({ tx, unchanged }: ActionContext, { id }: { id: string }): Promise<Key> {
    if (!(await this.keys.revoke(tx, id))) unchanged();
    return this.keys.get(tx, id);
  }
}
