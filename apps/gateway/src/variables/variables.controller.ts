import { Body, Controller, Get, Param, Post, Query, SerializeOptions } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateVariableAction } from './create-variable.action.ts';
import { ListVariablesAction } from './list-variables.action.ts';
import { CreateVariable, Variable, VariablePage } from './variable.schema.ts';

@Controller('v1/projects/:projectId/variables')
export class VariablesController {
  constructor(
    private readonly createVariable: CreateVariableAction,
    private readonly listVariables: ListVariablesAction,
  ) {}

  @Post()
  @SerializeOptions({ schema: Variable })
  @ApiCreatedResponse({ standardSchema: Variable })
  create(
    @CurrentActor() actor: Actor,
    @Param('projectId', { schema: Id }) projectId: string,
    @Body({ schema: CreateVariable }) body: CreateVariable,
  ): Promise<Variable> {
    return this.createVariable.run(actor, { projectId, ...body });
  }

  @Get()
  @SerializeOptions({ schema: VariablePage })
  @ApiOkResponse({ standardSchema: VariablePage })
  list(
    @CurrentActor() actor: Actor,
    @Param('projectId', { schema: Id }) projectId: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<Variable>> {
    return this.listVariables.run(actor, { projectId, ...query });
  }
}
