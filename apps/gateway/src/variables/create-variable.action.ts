import { Injectable } from '@nestjs/common';
import { KeyProvider, sealSecret } from '#libs/crypto';
import { AppError, newId } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import type { CreateVariable, Variable } from './variable.schema.ts';
import { VariableStore } from './variable.store.ts';

type Input = CreateVariable & { projectId: string };

const FIRST_VERSION = 1;

@Injectable()
export class CreateVariableAction extends Action<Input, Variable> {
  readonly needs = 'variable:write';
  readonly audits = 'variable.create';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /v1/projects/{id}/variables';
  override readonly changes = 'variable';

  constructor(
    private readonly variables: VariableStore,
    private readonly keys: KeyProvider,
  ) {
    super();
  }

  protected async perform(context: ActionContext, input: Input): Promise<Variable> {
    const { tx, organizationId: orgId, principal } = context;
    const { projectId, environmentId, name } = input;
    if (!(await this.variables.hasEnvironment(tx, { projectId, environmentId })))
      throw new AppError('resource.not_found');
    const base = { orgId, id: newId(), projectId, environmentId, name, createdBy: principal.id };
    if (input.secret !== true)
      return this.variables.insert(tx, { ...base, value: input.value, allowedHosts: [] });
    const variable = await this.variables.insert(tx, {
      ...base,
      secretVersion: FIRST_VERSION,
      allowedHosts: input.allowedHosts,
    });
    await this.seal(context, base.id, input.value);
    return variable;
  }

  private async seal(
    { tx, organizationId: orgId }: ActionContext,
    secretId: string,
    value: string,
  ): Promise<void> {
    const kek = await this.variables.kekInUse(tx);
    if (!kek) throw new Error(`the organization ${orgId} has no key in use`);
    const key = await this.keys.unwrap(orgId, kek.id, kek.wrapped);
    const name = { organizationId: orgId, secretId, version: FIRST_VERSION };
    const envelope = sealSecret({ id: kek.id, key }, name, value);
    await this.variables.insertSecret(tx, {
      orgId,
      secretId,
      version: FIRST_VERSION,
      kekId: kek.id,
      envelope,
    });
  }
}
