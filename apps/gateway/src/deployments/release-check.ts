import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { AppError } from '#libs/kernel';

interface Reference {
  name: string;
  isRequired: boolean;
}

/** Whether a version can be released here: it belongs to the flow, and every variable that it needs exists. */
@Injectable()
export class ReleaseCheck {
  async pass(
    tx: TenantTransaction,
    { flowId, environmentId, versionId }: { flowId: string; environmentId: string; versionId: string },
  ): Promise<void> {
    const version = await tx.version.findFirst({
      where: { id: versionId },
      select: { flowId: true, report: true },
    });
    if (!version) throw new AppError('resource.not_found');
    if (version.flowId !== flowId) {
      throw new AppError('deployment.version_foreign', {
        detail: 'The version belongs to another flow: release a version of this one.',
      });
    }
    const needed = (version.report as unknown as { variables: Reference[] }).variables.filter(
      (reference) => reference.isRequired,
    );
    const present = await tx.variable.findMany({
      where: { environmentId, name: { in: needed.map(({ name }) => name) } },
      select: { name: true },
    });
    const names = new Set(present.map(({ name }) => name));
    const missing = needed.filter(({ name }) => !names.has(name)).map(({ name }) => name);
    if (missing.length > 0) {
      throw new AppError('variable.missing', {
        detail: `The environment lacks ${missing.length === 1 ? 'the variable' : 'the variables'} ${missing.join(', ')}: create ${missing.length === 1 ? 'it' : 'them'} first.`,
        members: { missing },
      });
    }
  }
}
