import { Injectable } from '@nestjs/common';
import { newId } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import { EnvironmentStore } from '../environments/environments.public.ts';
import type { CreateProject, Project } from './project.schema.ts';
import { ProjectStore } from './project.store.ts';

/** A project begins with one environment, which is its default. */
@Injectable()
export class CreateProjectAction extends Action<CreateProject, Project> {
  readonly needs = 'project:write';
  readonly audits = 'project.create';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /v1/projects';

  constructor(
    private readonly projects: ProjectStore,
    private readonly environments: EnvironmentStore,
  ) {
    super();
  }

  protected async perform(
    { tx, organizationId: orgId }: ActionContext,
    { name }: CreateProject,
  ): Promise<Project> {
    const project = await this.projects.insert(tx, { orgId, id: newId(), name });
    await this.environments.insertDefault(tx, { orgId, projectId: project.id });
    return project;
  }
}
