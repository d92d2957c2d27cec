import { Module } from '@nestjs/common';
import { VersionsModule } from '../versions/versions.module.ts';
import { CreateFlowAction } from './create-flow.action.ts';
import { FlowStore } from './flow.store.ts';
import { FlowsController } from './flows.controller.ts';
import { GetFlowAction } from './get-flow.action.ts';
import { ListFlowsAction } from './list-flows.action.ts';

@Module({
  imports: [VersionsModule],
  controllers: [FlowsController],
  providers: [FlowStore, CreateFlowAction, GetFlowAction, ListFlowsAction],
})
export class FlowsModule {}
