import { Injectable } from '@nestjs/common';
import type { Scope } from '#libs/domain';
import { AppError } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import { type EventText, RunStore } from './run.store.ts';

export interface EventsInput {
  id: string;
  after: number;
  limit: number;
}

export interface EventsRead {
  events: EventText[];
  /** The run has ended, and nothing follows what was read. */
  isComplete: boolean;
  hasMore: boolean;
}

@Injectable()
export class ListRunEventsAction extends Action<EventsInput, EventsRead> {
  readonly needs = 'run:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly runs: RunStore) {
    super();
  }

  protected override scopeOf({ tx }: ActionContext, { id }: EventsInput): Promise<Scope> {
    return this.runs.scope(tx, id);
  }

  protected async perform({ tx }: ActionContext, { id, after, limit }: EventsInput): Promise<EventsRead> {
    // the head first: what is read behind it can only be more
    const { lastSeq, finishedAt } = await this.runs.get(tx, id);
    const events = await this.runs.events(tx, id, after, limit);
    const lastRead = events.at(-1)?.seq ?? after;
    if (events.length === 0 && after < lastSeq) {
      throw new AppError('run.events_expired', {
        detail: 'The events of this run are no longer kept; its result still is.',
      });
    }
    return { events, isComplete: finishedAt !== null && lastRead >= lastSeq, hasMore: lastRead < lastSeq };
  }
}
