import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#libs/kernel';
import type { Actor } from '../access/actor.ts';
import { wantsStream } from './answer-wish.ts';
import { ListRunEventsAction } from './list-run-events.action.ts';
import type { EventQuery } from './run.schema.ts';
import { RunAnswers } from './run-answers.ts';

/** A run's events, as a page or as a stream. */
@Injectable()
export class EventAnswers {
  constructor(
    private readonly listEvents: ListRunEventsAction,
    private readonly answers: RunAnswers,
  ) {}

  async answer(
    actor: Actor,
    id: string,
    query: EventQuery,
    lastEventId: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const after = query.cursor ?? query.after ?? 0;
    if (wantsStream(request))
      return this.answers.stream(
        actor,
        id,
        lastEventId === undefined ? after : seqOf(lastEventId),
        request,
        reply,
      );
    const { events, hasMore } = await this.listEvents.run(actor, { id, after, limit: query.limit });
    const nextCursor = hasMore ? JSON.stringify(String(events.at(-1)?.seq ?? after)) : 'null';
    const body = `{"data":[${events.map((event) => event.text).join(',')}],"nextCursor":${nextCursor}}`;
    void reply
      .header('headgate-run-id', id)
      .header('content-type', 'application/json; charset=utf-8')
      .send(body);
  }
}

function seqOf(lastEventId: string): number {
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new AppError('request.invalid', {
    detail: 'The header Last-Event-ID must be the id of an event of this run.',
    errors: [{ pointer: '/headers/last-event-id', detail: 'must be the id of an event' }],
  });
}
