import { Injectable } from '@nestjs/common';
import { TenantDatabase } from '#libs/database';
import { AuditTrail } from '../audit/audit.public.ts';
import { ControlAnnouncer } from './control-announcer.ts';
import { Idempotency } from './idempotency.ts';

/** What every action has, so that its own constructor names only what is its own. */
@Injectable()
export class ActionServices {
  constructor(
    readonly database: TenantDatabase,
    readonly audit: AuditTrail,
    readonly idempotency: Idempotency,
    readonly announcer: ControlAnnouncer,
  ) {}
}
