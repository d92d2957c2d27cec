import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { hashToken, KeyProvider, mintToken } from '#libs/crypto';
import type { Doors, TenantDatabase } from '#libs/database';
import type { JsonObject } from '#libs/kernel';
import { newId, wallMs } from '#libs/kernel';
import {
  type Actor,
  CreateDeploymentAction,
  CreateFlowAction,
  CreateProjectAction,
  CreateVariableAction,
} from '../../../gateway/src/gateway.public.ts';
import { CHAT, HELLO } from './flows.ts';

export interface Demo {
  /** For the first run; nobody is shown it again. */
  keyToken: string;
  bootstrapToken: string;
  hasChat: boolean;
}

export interface DemoModel {
  apiKey: string;
  baseUrl: string | undefined;
}

export interface SeedOptions {
  gateway: NestFastifyApplication;
  tenants: TenantDatabase;
  doors: Doors;
  pepper: Uint8Array;
  model: DemoModel | undefined;
}

const NAME = 'demo';
/** Stands for the installation itself where a change has no person behind it. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
const KEY_HOURS = 24;
const BOOTSTRAP_MINUTES = 15;

/** Makes what a first start has to show. While nobody has signed up, each start voids the tokens of the one before. */
export async function seedDemo(options: SeedOptions): Promise<Demo | undefined> {
  const { doors } = options;
  if (await doors.hasMembers()) return undefined;
  const organizationId = (await doors.lastBootstrapOrganization()) ?? newId();
  await ensureOrganization(options, organizationId);
  const bootstrapToken = await renewBootstrapToken(options, organizationId);
  const deploymentIds = await ensureDeployments(options, organizationId);
  const keyToken = await renewKey(options, organizationId, deploymentIds);
  return { keyToken, bootstrapToken, hasChat: options.model !== undefined };
}

async function ensureOrganization({ tenants, gateway }: SeedOptions, orgId: string): Promise<void> {
  const keys = gateway.get(KeyProvider);
  await tenants.withOrg(orgId, async (tx) => {
    if ((await tx.organization.count()) > 0) return;
    await tx.organization.create({ data: { orgId, name: NAME } });
    const id = newId();
    await tx.kek.create({ data: { orgId, id, wrapped: await keys.wrap(orgId, id, randomBytes(32)) } });
  });
}

async function renewBootstrapToken({ tenants, pepper }: SeedOptions, orgId: string): Promise<string> {
  const token = mintToken('bootstrap');
  await tenants.withOrg(orgId, async (tx) => {
    await tx.bootstrapToken.updateMany({
      where: { usedAt: null, voidedAt: null },
      data: { voidedAt: new Date(wallMs()) },
    });
    const expiresAt = new Date(wallMs() + BOOTSTRAP_MINUTES * 60_000);
    const hash = new Uint8Array(hashToken(pepper, token.text));
    await tx.bootstrapToken.create({
      data: { orgId, id: newId(), publicId: token.publicId, hash, expiresAt },
    });
  });
  return token.text;
}

async function ensureDeployments(options: SeedOptions, orgId: string): Promise<string[]> {
  const { gateway, tenants, model } = options;
  const actor: Actor = {
    principal: { kind: 'user', id: NOBODY, organizationId: orgId, roles: ['owner'] },
    request: { id: newId(), idempotencyKey: undefined, isReplayed: false },
  };
  const project = await tenants.withOrg(orgId, (tx) =>
    tx.project.findFirst({ where: { name: NAME }, select: { id: true } }),
  );
  const projectId = project?.id ?? (await gateway.get(CreateProjectAction).run(actor, { name: NAME })).id;
  const environmentId = await tenants.withOrg(orgId, async (tx) => {
    const environment = await tx.environment.findFirstOrThrow({
      where: { projectId, isDefault: true },
      select: { id: true },
    });
    // the model of the environment that this start was given counts
    await tx.variable.deleteMany({ where: { environmentId: environment.id } });
    return environment.id;
  });
  const place = { projectId, environmentId };
  const ids = [await ensureDeployment(options, actor, place, 'hello', HELLO)];
  if (model) {
    await setModel(options, actor, place, model);
    ids.push(await ensureDeployment(options, actor, place, 'chat', CHAT));
  }
  return ids;
}

async function ensureDeployment(
  { gateway, tenants }: SeedOptions,
  actor: Actor,
  { projectId, environmentId }: { projectId: string; environmentId: string },
  name: string,
  definition: JsonObject,
): Promise<string> {
  const { organizationId } = actor.principal;
  const known = await tenants.withOrg(organizationId, async (tx) => ({
    deployment: await tx.deployment.findFirst({ where: { name, environmentId }, select: { id: true } }),
    flow: await tx.flow.findFirst({
      where: { name, projectId },
      select: { id: true, versions: { select: { id: true }, take: 1 } },
    }),
  }));
  if (known.deployment) return known.deployment.id;
  const made = known.flow
    ? undefined
    : await gateway.get(CreateFlowAction).run(actor, { projectId, name, definition });
  const flowId = made?.id ?? known.flow?.id;
  const versionId = made?.latestVersion?.id ?? known.flow?.versions[0]?.id;
  if (flowId === undefined || versionId === undefined)
    throw new Error(`the demo flow ${name} has no version`);
  const deployment = await gateway.get(CreateDeploymentAction).run(actor, {
    flowId,
    environmentId,
    name,
    traffic: [{ versionId, basisPoints: 10_000 }],
  });
  return deployment.id;
}

async function setModel(
  { gateway }: SeedOptions,
  actor: Actor,
  { projectId, environmentId }: { projectId: string; environmentId: string },
  { apiKey, baseUrl }: DemoModel,
): Promise<void> {
  const create = gateway.get(CreateVariableAction);
  const host = baseUrl === undefined ? 'api.openai.com' : new URL(baseUrl).hostname;
  await create.run(actor, {
    projectId,
    environmentId,
    name: 'OPENAI_API_KEY',
    secret: true,
    value: apiKey,
    allowedHosts: [host],
  });
  if (baseUrl !== undefined)
    await create.run(actor, { projectId, environmentId, name: 'OPENAI_BASE_URL', value: baseUrl });
}

async function renewKey(
  { tenants, pepper }: SeedOptions,
  orgId: string,
  deploymentIds: string[],
): Promise<string> {
  const token = mintToken('flow');
  await tenants.withOrg(orgId, async (tx) => {
    await tx.apiKey.updateMany({
      where: { name: NAME, revokedAt: null },
      data: { revokedAt: new Date(wallMs()) },
    });
    await tx.apiKey.create({
      data: {
        orgId,
        id: newId(),
        publicId: token.publicId,
        kind: 'flow',
        hash: new Uint8Array(hashToken(pepper, token.text)),
        pepperVersion: 1,
        lastFour: token.text.slice(-4),
        name: NAME,
        scopes: ['run:create', 'run:read'],
        deploymentIds,
        expiresAt: new Date(wallMs() + KEY_HOURS * 3_600_000),
      },
    });
  });
  return token.text;
}
