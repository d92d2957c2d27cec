import { Inject, Injectable } from '@nestjs/common';
import { holds, may, type Permission, type Principal, type Scope } from '#libs/domain';
import { AppError, isJsonObject } from '#libs/kernel';
import { ATTRIBUTES, withSpan } from '#libs/telemetry';
import type { ActionContext, FreeContext, OpenContext } from './action-context.ts';
import { ActionServices } from './action-services.ts';
import type { Actor, Stranger } from './actor.ts';
import type { Changed } from './control-announcer.ts';

export type { ActionContext, FreeContext, OpenContext } from './action-context.ts';

/** `tenant`: in one transaction with its audit entry. `none`: without one. `open`: without one, and for anyone. */
export type Mode = 'tenant' | 'none' | 'open';
type ContextOf<M extends Mode> = M extends 'tenant'
  ? ActionContext
  : M extends 'none'
    ? FreeContext
    : OpenContext;
type ActorOf<M extends Mode> = M extends 'open' ? Stranger : Actor;

type InTransaction<M extends Mode, Part> = M extends 'tenant' ? Part : never;

type AuditName = `${string}.${string}`;
/** Without a transaction to write it in, an action audits nothing, or says that it does so itself, and as what. */
export type Audits<M extends Mode> = 'none' | (M extends 'tenant' ? AuditName : { itself: AuditName });

/**
 * One verb on one noun. Whoever calls it, and however: it checks the permission, opens the transaction, and writes the
 * audit entry in it.
 */
@Injectable()
export abstract class Action<Input, Output, M extends Mode = 'tenant'> {
  /** The permission to enter. */
  abstract readonly needs: M extends 'open' ? 'nothing' : Permission;
  abstract readonly audits: Audits<M>;
  abstract readonly transaction: M;
  /** The route under which an idempotency key counts, for actions that create something. */
  readonly creates?: InTransaction<M, string>;
  /** What other processes may have cached and must hear of, once it is committed. */
  readonly changes?: InTransaction<M, Changed>;

  @Inject(ActionServices) private readonly services!: ActionServices;

  run(actor: ActorOf<M>, input: Input): Promise<Output> {
    const attributes = {
      [ATTRIBUTES.action]: this.constructor.name,
      ...(actor.principal && { [ATTRIBUTES.organization]: actor.principal.organizationId }),
    };
    return withSpan(this.spanName, attributes, () => this.enter(actor, input));
  }

  /** What the input alone decides, before a connection is held for it: throws where that is a refusal. */
  protected prepare?(input: Input): void;

  protected abstract perform(context: ContextOf<M>, input: Input): Promise<Output>;

  /** What the input is about; the organization as a whole, unless an action says otherwise. */
  protected scopeOf(_context: ContextOf<M>, _input: Input): Scope | Promise<Scope> {
    return { kind: 'organization' };
  }

  /** The answer as it may be kept for a repeated request: without a secret that is shown once. */
  protected kept(output: Output): Output {
    return output;
  }

  private async enter(actor: ActorOf<M>, input: Input): Promise<Output> {
    const { principal, request } = actor;
    if (!principal) return this.perform({ request } as ContextOf<M>, input);
    const needs = this.needs as Permission;
    if (!holds(principal, needs)) {
      throw new AppError('permission.denied', { detail: `This needs the permission ${needs}.` });
    }
    const free: FreeContext = { principal, organizationId: principal.organizationId, request };
    if (this.transaction === 'none') {
      const context = free as ContextOf<M>;
      await this.checkScope(principal, needs, context, input);
      return this.perform(context, input);
    }
    this.prepare?.(input);
    let isChange = true;
    const unchanged = () => {
      isChange = false;
    };
    const output = await this.services.database.withOrg(principal.organizationId, async (tx) => {
      const context = { ...free, tx, unchanged } as ContextOf<M>;
      await this.checkScope(principal, needs, context, input);
      return this.performOnce(context as ActionContext, input, () => this.perform(context, input));
    });
    if (this.changes && isChange)
      this.services.announcer.changed(
        principal.organizationId,
        this.changes,
        idOf(output) ?? idOf(input) ?? '',
      );
    return output;
  }

  private async checkScope(
    principal: Principal,
    needs: Permission,
    context: ContextOf<M>,
    input: Input,
  ): Promise<void> {
    if (!may(principal, needs, await this.scopeOf(context, input))) throw new AppError('resource.not_found');
  }

  /** Performs and audits; or gives back what the same request made before. */
  private async performOnce(
    context: ActionContext,
    input: Input,
    perform: () => Promise<Output>,
  ): Promise<Output> {
    const { idempotency, audit } = this.services;
    const once =
      this.creates === undefined ? undefined : await idempotency.begin(context, this.creates, input);
    if (once?.earlier !== undefined) {
      context.unchanged();
      return once.earlier as Output;
    }
    const output = await perform();
    if (typeof this.audits === 'string' && this.audits !== 'none')
      await audit.write(context, this.audits, { input, output });
    await once?.keep(this.kept(output));
    return output;
  }

  private get spanName(): string {
    if (typeof this.audits === 'object') return this.audits.itself;
    return this.audits === 'none' ? (this.needs as string).replace(':', '.') : this.audits;
  }
}

function idOf(value: unknown): string | undefined {
  const id = isJsonObject(value) ? value['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
