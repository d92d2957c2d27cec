import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#libs/domain';
import { Action, type ActionContext } from './action.ts';

const OWNER: Principal = { kind: 'user', id: 'user', organizationId: 'organization', roles: ['owner'] };

class ChangeAction extends Action<{ id: string; isNews: boolean }, { id: string }> {
  readonly needs = 'key:write';
  readonly audits = 'none';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /things';
  override readonly changes = 'key';

  protected async perform({ unchanged }: ActionContext, { id, isNews }: { id: string; isNews: boolean }) {
    if (!isNews) unchanged();
    return { id };
  }
}

/** What an action announces. */
async function announced(isNews: boolean, earlier?: object): Promise<unknown[]> {
  const told: unknown[] = [];
  const action = new ChangeAction();
  Reflect.set(action, 'services', {
    database: { withOrg: (_organizationId: string, work: (tx: object) => unknown) => work({}) },
    idempotency: { begin: async () => ({ earlier, keep: async () => undefined }) },
    announcer: { changed: (...change: unknown[]) => told.push(change) },
  });
  await action.run({ principal: OWNER, request: { id: 'request' } } as never, { id: 'thing', isNews });
  return told;
}

describe('an action that changes what others have cached', () => {
  it('announces what it changed, once', async () => {
    expect(await announced(true)).toEqual([['organization', 'key', 'thing']]);
  });

  it('announces nothing where nothing changed', async () => {
    expect(await announced(false)).toEqual([]);
  });

  it('announces nothing for a request that was answered before', async () => {
    expect(await announced(true, { id: 'thing' })).toEqual([]);
  });
});
