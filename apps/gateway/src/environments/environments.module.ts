import { Module } from '@nestjs/common';
import { EnvironmentStore } from './environment.store.ts';
import { EnvironmentsController } from './environments.controller.ts';
import { ListEnvironmentsAction } from './list-environments.action.ts';

@Module({
  controllers: [EnvironmentsController],
  providers: [EnvironmentStore, ListEnvironmentsAction],
  exports: [EnvironmentStore],
})
export class EnvironmentsModule {}
