import { Inject, Injectable } from '@nestjs/common';
import { BlobStore } from '#libs/blobs';
import { type Catalog, type Compiled, compile, type Problem } from '#libs/engine';
import { AppError, flawOfJson, type Json, newId } from '#libs/kernel';
import type { ActionContext } from '../access/action.ts';
import type { Version } from './version.schema.ts';
import { VersionStore } from './version.store.ts';

export const CATALOG = Symbol('component catalog');

export interface MakeVersion {
  flowId: string;
  definition: Record<string, unknown>;
  note: string;
}

/** Compiles a definition and keeps it as a version; the same content twice is the same version. */
@Injectable()
export class VersionMaker {
  constructor(
    @Inject(CATALOG) private readonly catalog: Catalog,
    private readonly versions: VersionStore,
    private readonly blobs: BlobStore,
  ) {}

  async make(
    { tx, organizationId: orgId, principal }: ActionContext,
    { flowId, definition, note }: MakeVersion,
  ): Promise<{ version: Version; isNew: boolean }> {
    const { contentHash, plan, report } = this.compile(definition);
    await this.versions.lockFlow(tx, flowId);
    const known = await this.versions.findByContent(tx, flowId, contentHash);
    if (known) return { version: known, isNew: false };
    const { hash, size } = await this.blobs.put(orgId, Buffer.from(JSON.stringify(plan), 'utf8'));
    await this.versions.addBlob(tx, { orgId, hash, size });
    const version = await this.versions.insert(tx, {
      orgId,
      id: newId(),
      flowId,
      contentHash,
      definition,
      planHash: hash,
      report,
      note,
      createdBy: principal.id,
    });
    return { version, isNew: true };
  }

  private compile(definition: Record<string, unknown>): Extract<Compiled, { ok: true }> {
    const flaw = flawOfJson(definition);
    if (flaw)
      throw refused('definition.invalid', [
        { pointer: '', detail: `The definition cannot be kept: ${flaw}.` },
      ]);
    const compiled = compile(definition as Json, this.catalog);
    if (compiled.ok) return compiled;
    throw refused(
      compiled.reason === 'secret' ? 'definition.secret_literal' : 'definition.invalid',
      compiled.problems,
    );
  }
}

function refused(
  code: 'definition.invalid' | 'definition.secret_literal',
  problems: readonly Problem[],
): AppError {
  const errors = problems.map(({ node, pointer, detail }) => ({
    pointer: `/definition${pointer}`,
    detail,
    ...(node !== undefined && { node }),
  }));
  const [first] = problems;
  const more = problems.length > 1 ? ` There are ${problems.length - 1} more problems.` : '';
  return new AppError(code, { detail: `${first?.detail ?? 'The definition cannot be run.'}${more}`, errors });
}
