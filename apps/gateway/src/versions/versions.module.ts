import { Module } from '@nestjs/common';
import { CreateVersionAction } from './create-version.action.ts';
import { GetVersionAction } from './get-version.action.ts';
import { ListVersionsAction } from './list-versions.action.ts';
import { VersionStore } from './version.store.ts';
import { VersionMaker } from './version-maker.ts';
import { VersionsController } from './versions.controller.ts';

@Module({
  controllers: [VersionsController],
  providers: [VersionStore, VersionMaker, CreateVersionAction, GetVersionAction, ListVersionsAction],
  exports: [VersionMaker],
})
export class VersionsModule {}
