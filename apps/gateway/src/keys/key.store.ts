import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { type Page, type PageQuery, page } from '#libs/http';
import { AppError, wallMs } from '#libs/kernel';
import type { Key } from './key.schema.ts';

interface KeyRow {
  id: string;
  name: string;
  kind: string;
  lastFour: string;
  scopes: string[];
  deploymentIds: string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

export interface NewKey {
  orgId: string;
  id: string;
  publicId: string;
  kind: string;
  hash: Buffer;
  lastFour: string;
  name: string;
  scopes: string[];
  deploymentIds: string[];
  expiresAt: Date | null;
  createdBy: string | null;
}

/** The pepper under which hashes are made; it is counted up when the pepper is changed. */
const PEPPER_VERSION = 1;

const COLUMNS = {
  id: true,
  name: true,
  kind: true,
  lastFour: true,
  scopes: true,
  deploymentIds: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
  createdAt: true,
} as const;

@Injectable()
export class KeyStore {
  async insert(tx: TenantTransaction, key: NewKey): Promise<Key> {
    const data = { ...key, hash: new Uint8Array(key.hash), pepperVersion: PEPPER_VERSION };
    return present(await tx.apiKey.create({ data, select: COLUMNS }));
  }

  /** Whether all of these are deployments of the organization; each is named once. */
  async hasDeployments(tx: TenantTransaction, ids: string[]): Promise<boolean> {
    return (await tx.deployment.count({ where: { id: { in: ids } } })) === ids.length;
  }

  async get(tx: TenantTransaction, id: string): Promise<Key> {
    const row = await tx.apiKey.findFirst({ where: { id }, select: COLUMNS });
    if (!row) throw new AppError('resource.not_found');
    return present(row);
  }

  async list(tx: TenantTransaction, { limit, cursor }: PageQuery): Promise<Page<Key>> {
    const rows = await tx.apiKey.findMany({
      ...(cursor && { where: { id: { gt: cursor } } }),
      orderBy: { id: 'asc' },
      take: limit + 1,
      select: COLUMNS,
    });
    return page(rows, limit, present);
  }

  async noteUse(
    tx: TenantTransaction,
    { orgId, id, lastUsedAt }: { orgId: string; id: string; lastUsedAt: Date },
  ): Promise<void> {
    await tx.apiKey.update({
      where: { orgId_id: { orgId, id } },
      data: { lastUsedAt },
      select: { id: true },
    });
  }

  /** Whether there was something to revoke: revoking what is revoked changes nothing. */
  async revoke(tx: TenantTransaction, id: string): Promise<boolean> {
    const revoked = await tx.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date(wallMs()) },
    });
    return revoked.count > 0;
  }
}

function present({ expiresAt, revokedAt, lastUsedAt, createdAt, ...key }: KeyRow): Key {
  return {
    ...key,
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}
