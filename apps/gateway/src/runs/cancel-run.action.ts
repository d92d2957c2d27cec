import { Injectable } from '@nestjs/common';
import { Bus } from '#libs/bus';
import { RunTouched } from '#libs/contracts';
import type { Scope } from '#libs/domain';
import type { Append, Appended } from '#libs/runs';
import { progressOf } from '#libs/runs';
import { Action, type ActionContext } from '../access/action.ts';
import type { Actor } from '../access/actor.ts';
import { type RunRow, RunStore } from './run.store.ts';

interface Cancelled {
  row: RunRow;
  written: { append: Append; appended: Appended[] } | undefined;
}

/** Asks for a run to be stopped. Asking again, or for one that has ended, changes nothing. */
@Injectable()
export class CancelRunAction extends Action<{ id: string }, Cancelled> {
  readonly needs = 'run:cancel';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(
    private readonly runs: RunStore,
    private readonly bus: Bus,
  ) {
    super();
  }

  /** Cancels, and tells the conductor and those who watch once it is committed. */
  async cancel(actor: Actor, id: string): Promise<RunRow> {
    const { row, written } = await this.run(actor, { id });
    if (written) {
      const { projectId, deploymentId } = row;
      const hint = RunTouched.encode(actor.principal.organizationId, {
        runId: id,
        projectId,
        deploymentId,
        what: 'cancel',
      });
      this.bus.publish([hint, progressOf(written.append, written.appended)]).catch(() => undefined);
    }
    return row;
  }

  protected override scopeOf({ tx }: ActionContext, { id }: { id: string }): Promise<Scope> {
    return this.runs.scope(tx, id);
  }

  protected async perform(
    { tx, organizationId, principal }: ActionContext,
    { id }: { id: string },
  ): Promise<Cancelled> {
    const before = await this.runs.get(tx, id);
    const by = `${principal.kind}:${principal.id}`;
    const append: Append = {
      organizationId,
      runId: id,
      attempt: before.attempt,
      from: 'live',
      events: [{ n: null, type: 'run.cancel_requested', elapsedMs: null, data: JSON.stringify({ by }) }],
    };
    const appended = before.finishedAt === null ? await this.runs.append(tx, append) : [];
    const isWritten = appended[0]?.outcome === 'written';
    return {
      row: isWritten ? await this.runs.get(tx, id) : before,
      written: isWritten ? { append, appended } : undefined,
    };
  }
}
