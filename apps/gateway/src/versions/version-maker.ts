import { Inject, Injectable } from '@nestjs/common';
import { BlobStore } from '#libs/blobs';
import { type Catalog, type Compiled, compile } from '#libs/engine';
import { AppError, type Json, newId } from '#libs/kernel';
import type { ActionContext } from '../access/action.ts';
import type { Version } from './version.schema.ts';
import { VersionStore } from './version.store.ts';

export const CATALOG = Symbol('component catalog');

export interface MakeVersion {
  flowId: string;
  definition: Record<string, unknown>;
  note: string;
}

type Compilation = Extract<Compiled, { ok: true }>;
type Refusal = Extract<Compiled, { ok: false }>;

/** Compiles a definition and keeps it as a version; the same content twice is the same version. */
@Injectable()
export class VersionMaker {
  private readonly compiled = new WeakMap<MakeVersion['definition'], Compilation>();

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

  /** Throws where it cannot be run. Done before `make`, it takes that time while no connection is held. */
  compile(definition: MakeVersion['definition']): Compilation {
    const known = this.compiled.get(definition);
    if (known) return known;
    const compiled = compile(definition as Json, this.catalog); // which looks whether it is
    if (!compiled.ok) throw refused(compiled);
    this.compiled.set(definition, compiled);
    return compiled;
  }
}

function refused({ reason, problems, more }: Refusal): AppError {
  const errors = problems.map(({ node, pointer, detail }) => ({
    pointer: `/definition${pointer}`,
    detail,
    ...(node !== undefined && { node }),
  }));
  const [first] = problems;
  const others = problems.length - 1 + more;
  const unlisted = more > 0 ? `, of which ${more} are not listed` : '';
  const rest = others > 0 ? ` There are ${others} more problems${unlisted}.` : '';
  return new AppError(reason === 'secret' ? 'definition.secret_literal' : 'definition.invalid', {
    detail: `${first?.detail ?? 'The definition cannot be run.'}${rest}`,
    errors,
  });
}
