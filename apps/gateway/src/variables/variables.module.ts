import { Module } from '@nestjs/common';
import { CreateVariableAction } from './create-variable.action.ts';
import { ListVariablesAction } from './list-variables.action.ts';
import { VariableStore } from './variable.store.ts';
import { VariablesController } from './variables.controller.ts';

@Module({
  controllers: [VariablesController],
  providers: [VariableStore, CreateVariableAction, ListVariablesAction],
})
export class VariablesModule {}
