import { openSecret } from '#libs/crypto';
import type { ClaimedRun } from '../queue/queue.store.ts';
import type { Keyring } from './keyring.ts';
import type { PlacementStore, VariableRow, VersionRow } from './placement.store.ts';

interface CachedVariables {
  rows: VariableRow[];
  loadedAtMs: number;
}

/** A stale value never survives this, even if the hint that it changed is lost. */
const VARIABLES_FRESH_MS = 5_000;
const MAX_VERSIONS = 10_000;

export interface RunVariables {
  variables: Record<string, string>;
  secrets: { name: string; value: string; allowedHosts: string[] }[];
}

/** Versions, which never change, and the variables of environments, for a moment. */
export class ReleaseCache {
  private readonly versions = new Map<string, VersionRow>();
  private readonly variables = new Map<string, CachedVariables>();

  constructor(
    private readonly store: PlacementStore,
    private readonly keyring: Keyring,
  ) {}

  async load(runs: readonly ClaimedRun[]): Promise<void> {
    const unknown = new Map(
      runs.filter((run) => !this.versions.has(run.versionId)).map((run) => [run.versionId, run]),
    );
    if (unknown.size > 0) {
      if (this.versions.size > MAX_VERSIONS) this.versions.clear();
      for (const row of await this.store.versions([...unknown.values()]))
        this.versions.set(row.versionId, row);
    }
    const nowMs = performance.now();
    const stale = new Map(
      runs
        .filter((run) => (this.versions.get(run.versionId)?.variableNames.length ?? 0) > 0)
        .filter(
          (run) =>
            nowMs - (this.variables.get(run.environmentId)?.loadedAtMs ?? -Infinity) > VARIABLES_FRESH_MS,
        )
        .map((run) => [run.environmentId, run]),
    );
    if (stale.size === 0) return;
    for (const environmentId of stale.keys())
      this.variables.set(environmentId, { rows: [], loadedAtMs: nowMs });
    for (const row of await this.store.variables([...stale.values()]))
      this.variables.get(row.environmentId)?.rows.push(row);
    await this.keyring.load([...stale.values()].map((run) => run.organizationId));
  }

  version(versionId: string): VersionRow {
    const version = this.versions.get(versionId);
    if (!version) throw new Error(`the version ${versionId} does not exist`);
    return version;
  }

  /** What a run may know: the variables that its plan names, and no others. */
  variablesOf(run: ClaimedRun): RunVariables {
    const names = new Set(this.version(run.versionId).variableNames);
    const found: RunVariables = { variables: {}, secrets: [] };
    if (names.size === 0) return found;
    for (const row of this.variables.get(run.environmentId)?.rows ?? []) {
      if (!names.has(row.name)) continue;
      if (row.secretVersion === null) found.variables[row.name] = String(JSON.parse(row.value ?? '""'));
      else found.secrets.push({ name: row.name, value: this.open(row), allowedHosts: row.allowedHosts });
    }
    return found;
  }

  forgetVariables(organizationId: string): void {
    for (const [environmentId, { rows }] of this.variables) {
      if (rows.length === 0 || rows.some((row) => row.organizationId === organizationId))
        this.variables.delete(environmentId);
    }
  }

  private open({ organizationId, id, secretVersion, kekId, envelope }: VariableRow): string {
    if (secretVersion === null || kekId === null || envelope === null)
      throw new Error(`the secret ${id} has no version`);
    const key = this.keyring.key(organizationId, kekId);
    return openSecret({ id: kekId, key }, { organizationId, secretId: id, version: secretVersion }, envelope);
  }
}
