import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Key } from './key.schema.ts';
import { KeyStore } from './key.store.ts';

@Injectable()
export class ListKeysAction extends Action<PageQuery, Page<Key>> {
  readonly needs = 'key:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly keys: KeyStore) {
    super();
  }

  protected perform({ tx }: ActionContext, query: PageQuery): Promise<Page<Key>> {
    return this.keys.list(tx, query);
  }
}
