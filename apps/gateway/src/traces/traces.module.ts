import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.ts';
import { GetTraceAction } from './get-trace.action.ts';
import { TraceStore } from './trace.store.ts';
import { TracesController } from './traces.controller.ts';

@Module({
  imports: [RunsModule],
  controllers: [TracesController],
  providers: [TraceStore, GetTraceAction],
})
export class TracesModule {}
