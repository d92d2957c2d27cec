import { Body, Controller, Get, Param, Post, Query, SerializeOptions } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateFlowAction } from './create-flow.action.ts';
import { CreateFlow, Flow, FlowPage, type FlowSummary } from './flow.schema.ts';
import { GetFlowAction } from './get-flow.action.ts';
import { ListFlowsAction } from './list-flows.action.ts';

@Controller('v1')
export class FlowsController {
  constructor(
    private readonly createFlow: CreateFlowAction,
    private readonly getFlow: GetFlowAction,
    private readonly listFlows: ListFlowsAction,
  ) {}

  @Post('projects/:projectId/flows')
  @SerializeOptions({ schema: Flow })
  @ApiCreatedResponse({ standardSchema: Flow })
  create(
    @CurrentActor() actor: Actor,
    @Param('projectId', { schema: Id }) projectId: string,
    @Body({ schema: CreateFlow }) body: CreateFlow,
  ): Promise<Flow> {
    return this.createFlow.run(actor, { projectId, ...body });
  }

  @Get('projects/:projectId/flows')
  @SerializeOptions({ schema: FlowPage })
  @ApiOkResponse({ standardSchema: FlowPage })
  list(
    @CurrentActor() actor: Actor,
    @Param('projectId', { schema: Id }) projectId: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<FlowSummary>> {
    return this.listFlows.run(actor, { projectId, ...query });
  }

  @Get('flows/:id')
  @SerializeOptions({ schema: Flow })
  @ApiOkResponse({ standardSchema: Flow })
  get(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Flow> {
    return this.getFlow.run(actor, { id });
  }
}
