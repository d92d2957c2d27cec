import { openSecret } from '#libs/crypto';
import type { ClaimedRun } from '../queue/queue.store.ts';
import type { Keyring } from './keyring.ts';
import type { PlacementStore, VariableRow, VersionRow } from './placement.store.ts';

interface CachedVariables {
  organizationId: string;
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
  /** How often something was forgotten: what was being read meanwhile may be the old. */
  private forgotten = 0;

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
    const { forgotten } = this;
    const rows = await this.store.variables([...stale.values()]);
    const loadedAtMs = forgotten === this.forgotten ? nowMs : -Infinity;
    for (const { environmentId, organizationId } of stale.values())
      this.variables.set(environmentId, { organizationId, rows: [], loadedAtMs });
    for (const row of rows) this.variables.get(row.environmentId)?.rows.push(row);
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

  /** They are read again; whoever is about to use them still finds them. */
  forgetVariables(organizationId: string): void {
    this.forgotten += 1;
    for (const cached of this.variables.values())
      if (cached.organizationId === organizationId) cached.loadedAtMs = -Infinity;
  }

  private open({ organizationId, id, secretVersion, kekId, envelope }: VariableRow): string {
    if (secretVersion === null || kekId === null || envelope === null)
      throw new Error(`the secret ${id} has no version`);
    const key = this.keyring.key(organizationId, kekId);
    return openSecret({ id: kekId, key }, { organizationId, secretId: id, version: secretVersion }, envelope);
  }
}
