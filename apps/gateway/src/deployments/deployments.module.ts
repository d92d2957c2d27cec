import { Module } from '@nestjs/common';
import { CreateDeploymentAction } from './create-deployment.action.ts';
import { DeploymentStore } from './deployment.store.ts';
import { DeploymentDirectory } from './deployment-directory.ts';
import { DeploymentsController } from './deployments.controller.ts';
import { GetDeploymentAction } from './get-deployment.action.ts';
import { ListDeploymentsAction } from './list-deployments.action.ts';
import { ReleaseCheck } from './release-check.ts';
import { UpdateDeploymentAction } from './update-deployment.action.ts';

@Module({
  controllers: [DeploymentsController],
  providers: [
    DeploymentStore,
    DeploymentDirectory,
    ReleaseCheck,
    CreateDeploymentAction,
    UpdateDeploymentAction,
    GetDeploymentAction,
    ListDeploymentsAction,
  ],
  exports: [DeploymentDirectory],
})
export class DeploymentsModule {}
