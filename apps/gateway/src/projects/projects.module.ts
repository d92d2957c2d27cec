import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.ts';
import { CreateProjectAction } from './create-project.action.ts';
import { GetProjectAction } from './get-project.action.ts';
import { ListProjectsAction } from './list-projects.action.ts';
import { ProjectStore } from './project.store.ts';
import { ProjectsController } from './projects.controller.ts';

@Module({
  imports: [EnvironmentsModule],
  controllers: [ProjectsController],
  providers: [ProjectStore, CreateProjectAction, GetProjectAction, ListProjectsAction],
})
export class ProjectsModule {}
