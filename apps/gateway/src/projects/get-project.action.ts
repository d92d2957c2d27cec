import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { Project } from './project.schema.ts';
import { ProjectStore } from './project.store.ts';

@Injectable()
export class GetProjectAction extends Action<{ id: string }, Project> {
  readonly needs = 'project:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly projects: ProjectStore) {
    super();
  }

  protected perform({ tx }: ActionContext, { id }: { id: string }): Promise<Project> {
    return this.projects.get(tx, id);
  }
}
