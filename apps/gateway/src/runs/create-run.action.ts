import { Injectable } from '@nestjs/common';
import { BlobStore } from '#libs/blobs';
import { Bus } from '#libs/bus';
import { RunTouched } from '#libs/contracts';
import { TenantDatabase } from '#libs/database';
import { DEFAULTS, type Scope } from '#libs/domain';
import { AppError, flawOfJson, newId } from '#libs/kernel';
import { type NewRun, RunAcceptor } from '#libs/runs';
import { takeRunId } from '#libs/telemetry';
import { Action, type FreeContext } from '../access/action.ts';
import { Idempotency, reusedKey } from '../access/idempotency.ts';
import { DeploymentDirectory, type RunnableDeployment } from '../deployments/deployments.public.ts';
import { linksOf } from './present-run.ts';
import type { CreateRun, Run } from './run.schema.ts';
import { RunStore } from './run.store.ts';
import { RunWatches, type Watcher } from './run-watches.ts';

export interface CreateRunInput {
  ref: string;
  projectId: string | undefined;
  body: CreateRun;
  /** Who watches the run from its beginning on. */
  watcher: Watcher | undefined;
}

export interface AcceptedRun {
  run: Run;
  /** False where the idempotency key had made it before: then only its id is sure. */
  isNew: boolean;
  unwatch: () => void;
}

const ROUTE = 'POST /v1/deployments/{id}/runs';

/** Accepts a run: it is durable before anyone is told, and no step of it waits for the bus. */
@Injectable()
export class CreateRunAction extends Action<CreateRunInput, AcceptedRun, 'none'> {
  readonly needs = 'run:create';
  readonly audits = 'none';
  readonly transaction = 'none';

  constructor(
    private readonly acceptor: RunAcceptor,
    private readonly directory: DeploymentDirectory,
    private readonly database: TenantDatabase,
    private readonly runs: RunStore,
    private readonly idempotency: Idempotency,
    private readonly blobs: BlobStore,
    private readonly watches: RunWatches,
    private readonly bus: Bus,
  ) {
    super();
  }

  protected override async scopeOf(
    { principal }: FreeContext,
    { ref, projectId }: CreateRunInput,
  ): Promise<Scope> {
    return { kind: 'deployment', id: (await this.directory.resolve(principal, ref, projectId)).id };
  }

  protected async perform(
    context: FreeContext,
    { ref, projectId, body, watcher }: CreateRunInput,
  ): Promise<AcceptedRun> {
    const { principal, organizationId, request } = context;
    const deployment = await this.directory.resolve(principal, ref, projectId);
    const { versionId } = deployment;
    if (versionId === null) {
      throw new AppError('deployment.no_version', {
        detail: `The deployment "${deployment.name}" has no version yet: release one on it.`,
      });
    }
    const input = inputText(deployment, body.input);
    // so that the request is in the run's trace
    const id = takeRunId() ?? newId();
    const isLarge = input !== null && Buffer.byteLength(input) > DEFAULTS.inputInlineBytes;
    const run: NewRun = {
      organizationId,
      id,
      projectId: deployment.projectId,
      environmentId: deployment.environmentId,
      deploymentId: deployment.id,
      flowId: deployment.flowId,
      versionId,
      sessionId: body.sessionId ?? newId(),
      endUserId: body.endUserId ?? null,
      keyId: principal.kind === 'key' ? principal.id : null,
      userId: principal.kind === 'user' ? principal.id : null,
      input: isLarge ? null : input,
      inputHash: isLarge ? await this.storeInput(organizationId, input) : null,
      metadata: body.metadata === undefined ? null : JSON.stringify(body.metadata),
      timeoutSeconds: body.timeoutSeconds,
      ttlSeconds: body.ttlSeconds,
      idempotency:
        request.idempotencyKey === undefined
          ? null
          : {
              route: ROUTE,
              key: request.idempotencyKey,
              bodyHash: this.idempotency.hashOf({ deploymentId: deployment.id, ...body }),
            },
    };
    return this.accept(context, run, body, watcher);
  }

  private async accept(
    { organizationId, request }: FreeContext,
    run: NewRun,
    body: CreateRun,
    watcher: Watcher | undefined,
  ): Promise<AcceptedRun> {
    // before the hint, so that no progress can come too early
    const watch = (runId: string) =>
      watcher ? this.watches.watch(organizationId, runId, watcher) : () => undefined;
    let unwatch = watch(run.id);
    try {
      const accepted = await this.acceptor.accept(run);
      if (!accepted.isSameBody) throw reusedKey();
      request.isReplayed = !accepted.isNew;
      if (!accepted.isNew) {
        unwatch();
        unwatch = watch(accepted.runId);
      } else this.hint(run);
      return {
        run: presentAccepted(run, accepted.runId, accepted.acceptedAt, body),
        isNew: accepted.isNew,
        unwatch,
      };
    } catch (cause) {
      unwatch();
      throw cause;
    }
  }

  private hint({ organizationId, id: runId, projectId, deploymentId }: NewRun): void {
    this.bus
      .publish([RunTouched.encode(organizationId, { runId, projectId, deploymentId, what: 'requested' })])
      .catch(() => undefined);
  }

  private async storeInput(orgId: string, input: string): Promise<string> {
    const { hash, size } = await this.blobs.put(orgId, Buffer.from(input, 'utf8'));
    await this.database.withOrg(orgId, (tx) => this.runs.addBlob(tx, { orgId, hash, size }));
    return hash;
  }
}

function inputText({ name, takesInput, ambiguousInputs }: RunnableDeployment, input: unknown): string | null {
  if (input === undefined) return null;
  const flaw = flawOfJson(input);
  if (flaw) throw new AppError('run.input_invalid', { detail: `The input cannot be taken: ${flaw}.` });
  if (ambiguousInputs.length > 0) {
    throw new AppError('run.input_ambiguous', {
      detail: `The flow of "${name}" has more than one node that could take the input: ${ambiguousInputs.join(', ')}. Leave one of them.`,
      members: { nodes: ambiguousInputs },
    });
  }
  if (!takesInput)
    throw new AppError('run.input_ambiguous', {
      detail: `The flow of "${name}" has no node that takes an input: leave "input" out.`,
      members: { nodes: [] },
    });
  return JSON.stringify(input);
}

function presentAccepted(run: NewRun, id: string, acceptedAt: Date, body: CreateRun): Run {
  return {
    id,
    deploymentId: run.deploymentId,
    flowId: run.flowId,
    versionId: run.versionId,
    environmentId: run.environmentId,
    status: 'queued',
    attempt: 0,
    sessionId: run.sessionId,
    endUserId: run.endUserId,
    input: body.input ?? null,
    output: null,
    error: null,
    usage: null,
    metadata: body.metadata ?? {},
    createdAt: acceptedAt.toISOString(),
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    expiresAt: new Date(acceptedAt.getTime() + run.ttlSeconds * 1000).toISOString(),
    links: linksOf(id),
  };
}
