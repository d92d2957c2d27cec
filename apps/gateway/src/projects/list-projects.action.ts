import { Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '#libs/http';
import { Action, type ActionContext } from '../access/action.ts';
import type { Project } from './project.schema.ts';
import { ProjectStore } from './project.store.ts';

@Injectable()
export class ListProjectsAction extends Action<PageQuery, Page<Project>> {
  readonly needs = 'project:read';
  readonly audits = 'none';
  readonly transaction = 'tenant';

  constructor(private readonly projects: ProjectStore) {
    super();
  }

  protected perform({ tx }: ActionContext, query: PageQuery): Promise<Page<Project>> {
    return this.projects.list(tx, query);
  }
}
