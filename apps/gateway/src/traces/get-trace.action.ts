import { Injectable } from '@nestjs/common';
import { type Scope, shownStatus } from '#libs/domain';
import { traceOfRun } from '#libs/telemetry';
import { Action, type ActionContext } from '../access/action.ts';
import { RunStore } from '../runs/runs.public.ts';
import { presentSpans } from './present-trace.ts';
import type { RunTrace } from './trace.schema.ts';
import { TraceStore } from './trace.store.ts';

const SHOWN_ATTEMPTS = 20;

@Injectable()
export class GetTraceAction extends Action<{ id: string }, RunTrace> {
  readonly needs = 'run:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(
    private readonly runs: RunStore,
    private readonly traces: TraceStore,
  ) {
    super();
  }

  protected override scopeOf({ tx }: ActionContext, { id }: { id: string }): Promise<Scope> {
    return this.runs.scope(tx, id);
  }

  protected async perform({ tx }: ActionContext, { id }: { id: string }): Promise<RunTrace> {
    const { state, attempt, cancelRequestedAt } = await this.runs.get(tx, id);
    const omittedAttempts = Math.max(0, attempt - SHOWN_ATTEMPTS);
    return {
      runId: id,
      traceId: traceOfRun(id),
      status: shownStatus(state, cancelRequestedAt !== null),
      attempt,
      omittedAttempts,
      ...presentSpans(await this.traces.ofRun(tx, id, omittedAttempts)),
    };
  }
}
