import { Controller, Get, Param, Query, SerializeOptions } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { type Environment, EnvironmentPage } from './environment.schema.ts';
import { ListEnvironmentsAction } from './list-environments.action.ts';

@Controller('v1/projects/:projectId/environments')
export class EnvironmentsController {
  constructor(private readonly listEnvironments: ListEnvironmentsAction) {}

  @Get()
  @SerializeOptions({ schema: EnvironmentPage })
  @ApiOkResponse({ standardSchema: EnvironmentPage })
  list(
    @CurrentActor() actor: Actor,
    @Param('projectId', { schema: Id }) projectId: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<Environment>> {
    return this.listEnvironments.run(actor, { projectId, ...query });
  }
}
