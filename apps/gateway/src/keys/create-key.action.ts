import { Inject, Injectable } from '@nestjs/common';
import { hashToken, mintToken } from '#libs/crypto';
import { AppError, newId } from '#libs/kernel';
import { Action, type ActionContext } from '../access/action.ts';
import { CELL_KEYS, type GatewayKeys } from '../gateway.keys.ts';
import type { CreatedKey, CreateKey } from './key.schema.ts';
import { KeyStore } from './key.store.ts';

@Injectable()
export class CreateKeyAction extends Action<CreateKey, CreatedKey> {
  readonly needs = 'key:write';
  readonly audits = 'key.create';
  readonly transaction = 'tenant';
  override readonly creates = 'POST /v1/keys';

  constructor(
    private readonly keys: KeyStore,
    @Inject(CELL_KEYS) private readonly cellKeys: GatewayKeys,
  ) {
    super();
  }

  protected async perform(
    { tx, organizationId: orgId, principal }: ActionContext,
    input: CreateKey,
  ): Promise<CreatedKey> {
    const deploymentIds = [...new Set(input.deploymentIds)];
    if (!(await this.keys.hasDeployments(tx, deploymentIds))) throw new AppError('resource.not_found');
    const token = mintToken('flow');
    const key = await this.keys.insert(tx, {
      orgId,
      id: newId(),
      publicId: token.publicId,
      kind: input.kind,
      hash: hashToken(this.cellKeys.pepper, token.text),
      lastFour: token.text.slice(-4),
      name: input.name,
      scopes: [...new Set(input.scopes)],
      deploymentIds,
      expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
      createdBy: principal.id,
    });
    return { ...key, token: token.text };
  }

  protected override kept({ token: _shownOnce, ...key }: CreatedKey): CreatedKey {
    return key;
  }
}
