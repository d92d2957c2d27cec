import { Body, Controller, Get, Param, Patch, Post, Query, SerializeOptions } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateDeploymentAction } from './create-deployment.action.ts';
import { CreateDeployment, Deployment, DeploymentPage, UpdateDeployment } from './deployment.schema.ts';
import { GetDeploymentAction } from './get-deployment.action.ts';
import { ListDeploymentsAction } from './list-deployments.action.ts';
import { UpdateDeploymentAction } from './update-deployment.action.ts';

const DeploymentQuery = PageQuery.extend({ projectId: Id.optional() });

@Controller('v1/deployments')
export class DeploymentsController {
  constructor(
    private readonly createDeployment: CreateDeploymentAction,
    private readonly updateDeployment: UpdateDeploymentAction,
    private readonly getDeployment: GetDeploymentAction,
    private readonly listDeployments: ListDeploymentsAction,
  ) {}

  @Post()
  @SerializeOptions({ schema: Deployment })
  @ApiCreatedResponse({ standardSchema: Deployment })
  create(
    @CurrentActor() actor: Actor,
    @Body({ schema: CreateDeployment }) body: CreateDeployment,
  ): Promise<Deployment> {
    return this.createDeployment.run(actor, body);
  }

  @Get()
  @SerializeOptions({ schema: DeploymentPage })
  @ApiOkResponse({ standardSchema: DeploymentPage })
  list(
    @CurrentActor() actor: Actor,
    @Query({ schema: DeploymentQuery }) query: PageQuery & { projectId?: string | undefined },
  ): Promise<Page<Deployment>> {
    return this.listDeployments.run(actor, query);
  }

  @Get(':id')
  @SerializeOptions({ schema: Deployment })
  @ApiOkResponse({ standardSchema: Deployment })
  get(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Deployment> {
    return this.getDeployment.run(actor, { id });
  }

  @Patch(':id')
  @SerializeOptions({ schema: Deployment })
  @ApiOkResponse({ standardSchema: Deployment })
  update(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: UpdateDeployment }) body: UpdateDeployment,
  ): Promise<Deployment> {
    return this.updateDeployment.run(actor, { id, ...body });
  }
}
