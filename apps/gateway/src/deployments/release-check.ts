import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { AppError } from '#libs/kernel';
import { DeploymentStore } from './deployment.store.ts';

/** Whether a version can be released here: it belongs to the flow, and every variable that it needs exists. */
@Injectable()
export class ReleaseCheck {
  constructor(private readonly deployments: DeploymentStore) {}

  async pass(
    tx: TenantTransaction,
    { flowId, environmentId, versionId }: { flowId: string; environmentId: string; versionId: string },
  ): Promise<void> {
    const version = await this.deployments.releasable(tx, versionId);
    if (version.flowId !== flowId) {
      throw new AppError('deployment.version_foreign', {
        detail: 'The version belongs to another flow: release a version of this one.',
      });
    }
    const present = await this.deployments.variablesOf(tx, environmentId, version.needs);
    const missing = version.needs.filter((name) => !present.has(name));
    if (missing.length > 0) {
      throw new AppError('variable.missing', {
        detail: `The environment lacks ${missing.length === 1 ? 'the variable' : 'the variables'} ${missing.join(', ')}: create ${missing.length === 1 ? 'it' : 'them'} first.`,
        members: { missing },
      });
    }
  }
}
