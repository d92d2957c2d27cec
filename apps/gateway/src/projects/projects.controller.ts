import { Body, Controller, Get, Param, Post, Query, SerializeOptions } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Id, type Page, PageQuery } from '#libs/http';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { CreateProjectAction } from './create-project.action.ts';
import { GetProjectAction } from './get-project.action.ts';
import { ListProjectsAction } from './list-projects.action.ts';
import { CreateProject, Project, ProjectPage } from './project.schema.ts';

@Controller('v1/projects')
export class ProjectsController {
  constructor(
    private readonly createProject: CreateProjectAction,
    private readonly getProject: GetProjectAction,
    private readonly listProjects: ListProjectsAction,
  ) {}

  @Post()
  @SerializeOptions({ schema: Project })
  @ApiCreatedResponse({ standardSchema: Project })
  create(
    @CurrentActor() actor: Actor,
    @Body({ schema: CreateProject }) body: CreateProject,
  ): Promise<Project> {
    return this.createProject.run(actor, body);
  }

  @Get()
  @SerializeOptions({ schema: ProjectPage })
  @ApiOkResponse({ standardSchema: ProjectPage })
  list(@CurrentActor() actor: Actor, @Query({ schema: PageQuery }) query: PageQuery): Promise<Page<Project>> {
    return this.listProjects.run(actor, query);
  }

  @Get(':id')
  @SerializeOptions({ schema: Project })
  @ApiOkResponse({ standardSchema: Project })
  get(@CurrentActor() actor: Actor, @Param('id', { schema: Id }) id: string): Promise<Project> {
    return this.getProject.run(actor, { id });
  }
}
