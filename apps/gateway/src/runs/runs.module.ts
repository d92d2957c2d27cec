import { Module } from '@nestjs/common';
import { DeploymentsModule } from '../deployments/deployments.module.ts';
import { CancelRunAction } from './cancel-run.action.ts';
import { CreateRunAction } from './create-run.action.ts';
import { EventAnswers } from './event-answers.ts';
import { GetRunAction } from './get-run.action.ts';
import { LargeValues } from './large-values.ts';
import { ListRunEventsAction } from './list-run-events.action.ts';
import { ListRunsAction } from './list-runs.action.ts';
import { RunStore } from './run.store.ts';
import { RunAnswers } from './run-answers.ts';
import { RunWatches } from './run-watches.ts';
import { RunsController } from './runs.controller.ts';

@Module({
  imports: [DeploymentsModule],
  controllers: [RunsController],
  providers: [
    RunStore,
    RunWatches,
    RunAnswers,
    EventAnswers,
    LargeValues,
    CreateRunAction,
    GetRunAction,
    ListRunsAction,
    ListRunEventsAction,
    CancelRunAction,
  ],
  exports: [RunAnswers, RunStore],
})
export class RunsModule {}
