import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { Key } from './key.schema.ts';
import { KeyStore } from './key.store.ts';

@Injectable()
export class GetKeyAction extends Action<{ id: string }, Key> {
  readonly needs = 'key:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly keys: KeyStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<Key> {
    return this.keys.get(tx, id);
  }
}
