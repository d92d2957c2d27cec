import { Injectable } from '@nestjs/common';
import { Action, type ActionContext } from '../access/action.ts';
import type { CreateVersion, Version } from './version.schema.ts';
import { VersionMaker } from './version-maker.ts';

type Input = CreateVersion & { flowId: string };

export interface MadeVersion {
  id: string;
  version: Version;
  isNew: boolean;
}

@Injectable()
export class CreateVersionAction extends Action<Input, MadeVersion> {
  readonly needs = 'flow:write';
  readonly audits = 'version.create';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /v1/flows/{id}/versions';

  constructor(private readonly versions: VersionMaker) {
    super();
  }

  protected override prepare({ definition }: Input): void {
    this.versions.compile(definition);
  }

  protected async perform(
    context: ActionContext,
    { flowId, definition, note = '' }: Input,
  ): Promise<MadeVersion> {
    const made = await this.versions.make(context, { flowId, definition, note });
    return { id: made.version.id, ...made };
  }
}
