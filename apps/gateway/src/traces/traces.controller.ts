import { Controller, Get, Param, Res, SerializeOptions } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Id } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { GetTraceAction } from './get-trace.action.ts';
import { RunTrace } from './trace.schema.ts';

@Controller('v1')
export class TracesController {
  constructor(private readonly getTrace: GetTraceAction) {}

  @Get('runs/:id/trace')
  @SerializeOptions({ schema: RunTrace })
  @ApiOkResponse({
    standardSchema: RunTrace,
    description: 'Where the time of a run went. Spans come a moment after the run, and may be lost.',
  })
  get(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: Id }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunTrace> {
    void reply.header('headgate-run-id', id);
    return this.getTrace.run(actor, { id });
  }
}
