import type { TenantTransaction } from '#libs/database';
import type { Principal } from '#libs/domain';
import type { RequestFacts } from './actor.ts';

export interface ActionContext {
  tx: TenantTransaction;
  principal: Principal;
  organizationId: string;
  request: RequestFacts;
  /** Says that nothing changed after all: then there is nothing to announce. */
  unchanged: () => void;
}

/** Without a transaction: the pool and one statement, or one door. The list of these actions is reviewed. */
export interface FreeContext {
  principal: Principal;
  organizationId: string;
  request: RequestFacts;
}

/** Nobody is known yet. */
export interface OpenContext {
  request: RequestFacts;
}
