import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  Req,
  Res,
  SerializeOptions,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Id, type Page } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { type AnswerWish, Wish } from './answer-wish.ts';
import { CancelRunAction } from './cancel-run.action.ts';
import { EventAnswers } from './event-answers.ts';
import { ListRunsAction } from './list-runs.action.ts';
import { presentRun } from './present-run.ts';
import { CreateRun, CreateRunQuery, EventPage, EventQuery, Run, RunPage, RunQuery } from './run.schema.ts';
import { RunAnswers } from './run-answers.ts';

@Controller('v1')
export class RunsController {
  constructor(
    private readonly answers: RunAnswers,
    private readonly events: EventAnswers,
    private readonly listRuns: ListRunsAction,
    private readonly cancelRun: CancelRunAction,
  ) {}

  @Post('deployments/:ref/runs')
  @ApiProduces('application/json', 'text/event-stream')
  @ApiAcceptedResponse({
    standardSchema: Run,
    description: 'Accepted; with `Prefer: wait` or `?wait=`, not ended in time.',
  })
  @ApiOkResponse({
    standardSchema: Run,
    description:
      'With `Prefer: wait=N` or `?wait=N`: ended, whatever its status. With `Accept: text/event-stream`: its events.',
  })
  create(
    @CurrentActor() actor: Actor,
    @Param('ref') ref: string,
    @Query({ schema: CreateRunQuery }) query: CreateRunQuery,
    @Body({ schema: CreateRun }) body: CreateRun,
    @Wish() wish: AnswerWish,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answers.create(actor, { ref, projectId: query.projectId, body }, wish, request, reply);
  }

  @Get('runs')
  @SerializeOptions({ schema: RunPage })
  @ApiOkResponse({ standardSchema: RunPage })
  list(@CurrentActor() actor: Actor, @Query({ schema: RunQuery }) query: RunQuery): Promise<Page<Run>> {
    return this.listRuns.run(actor, query);
  }

  @Get('runs/:id')
  @SerializeOptions({ schema: Run })
  @ApiOkResponse({ standardSchema: Run })
  get(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: Id }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Run> {
    void reply.header('headgate-run-id', id);
    return this.answers.whole(actor, id);
  }

  @Get('runs/:id/events')
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({
    standardSchema: EventPage,
    description:
      'A page; with `Accept: text/event-stream`, the events as they come, from `Last-Event-ID` on.',
  })
  eventsOf(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: Id }) id: string,
    @Query({ schema: EventQuery }) query: EventQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.events.answer(actor, id, query, lastEventId, request, reply);
  }

  @Post('runs/:id/cancel')
  @HttpCode(HttpStatus.ACCEPTED)
  @SerializeOptions({ schema: Run })
  @ApiAcceptedResponse({ standardSchema: Run })
  async cancel(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Run> {
    return presentRun(await this.cancelRun.cancel(actor, id));
  }
}
