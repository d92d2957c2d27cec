import { Injectable } from '@nestjs/common';
import { Bus } from '#libs/bus';
import { ControlChanged } from '#libs/contracts';

export type Changed = Parameters<typeof ControlChanged.encode>[1]['what'];

/** Tells all processes that something they may have cached is stale. Sent after the commit; a lost hint costs `controlFreshMs`. */
@Injectable()
export class ControlAnnouncer {
  constructor(private readonly bus: Bus) {}

  changed(organizationId: string, what: Changed, id: string): void {
    this.bus
      .publish([ControlChanged.encode(organizationId, { organizationId, what, id })])
      .catch(() => undefined);
  }
}
