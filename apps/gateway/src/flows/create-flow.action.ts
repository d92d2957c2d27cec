import { Injectable } from '@nestjs/common';
import { newId } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import { VersionMaker } from '../versions/versions.public.ts';
import type { CreateFlow, Flow } from './flow.schema.ts';
import { FlowStore } from './flow.store.ts';

type Input = CreateFlow & { projectId: string };

@Injectable()
export class CreateFlowAction extends Action<Input, Flow> {
  readonly needs = 'flow:write';
  readonly audits = 'flow.create';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /v1/projects/{id}/flows';

  constructor(
    private readonly flows: FlowStore,
    private readonly versions: VersionMaker,
  ) {
    super();
  }

  protected override prepare({ definition }: Input): void {
    if (definition) this.versions.compile(definition);
  }

  protected async perform(
    context: ActionContext,
    { projectId, name, description = '', definition }: Input,
  ): Promise<Flow> {
    const { tx, organizationId: orgId, principal } = context;
    const id = newId();
    await this.flows.insert(tx, { orgId, id, projectId, name, description, createdBy: principal.id });
    if (definition) await this.versions.make(context, { flowId: id, definition, note: '' });
    return this.flows.get(tx, id);
  }
}
