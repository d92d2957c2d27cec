import { openSecret } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import type { ClaimedRun } from '../queue/queue.store.ts';
import { ByteCache } from './byte-cache.ts';
import type { Keyring } from './keyring.ts';
import type { PlacementStore, VariableRow, VersionRow } from './placement.store.ts';

interface CachedVariables {
  organizationId: string;
  rows: VariableRow[];
  loadedAtMs: number;
}

const MAX_VERSION_BYTES = 64 * 1024 * 1024;
const MAX_VARIABLE_BYTES = 64 * 1024 * 1024;
/** What an entry takes besides its texts. */
const ENTRY_BYTES = 512;

export interface RunVariables {
  variables: Record<string, string>;
  secrets: { name: string; value: string; allowedHosts: string[] }[];
}

/** Versions, which never change, and what they read of the variables of an environment, for a moment. */
export class ReleaseCache {
  private readonly versions = new ByteCache<VersionRow>(MAX_VERSION_BYTES);
  private readonly variables = new ByteCache<CachedVariables>(MAX_VARIABLE_BYTES);
  /** How often something was forgotten: what was being read meanwhile may be the old. */
  private forgotten = 0;

  constructor(
    private readonly store: PlacementStore,
    private readonly keyring: Keyring,
  ) {}

  async load(runs: readonly ClaimedRun[]): Promise<void> {
    this.versions.trim();
    this.variables.trim();
    await this.loadVersions(runs);
    const nowMs = performance.now();
    const stale = new Map(
      runs
        .filter((run) => this.namesOf(run).length > 0)
        .filter(
          (run) =>
            nowMs - (this.variables.get(keyOf(run))?.loadedAtMs ?? -Infinity) > DEFAULTS.controlFreshMs,
        )
        .map((run) => [keyOf(run), run]),
    );
    if (stale.size === 0) return;
    const { forgotten } = this;
    const wanted = new Map<string, { organizationId: string; environmentId: string; name: string }>();
    for (const run of stale.values()) {
      const { organizationId, environmentId } = run;
      for (const name of this.namesOf(run))
        wanted.set(`${environmentId}/${name}`, { organizationId, environmentId, name });
    }
    const found = new Map<string, VariableRow>();
    for (const row of await this.store.variables([...wanted.values()]))
      found.set(`${row.environmentId}/${row.name}`, row);
    const loadedAtMs = forgotten === this.forgotten ? nowMs : -Infinity;
    for (const [key, run] of stale) {
      const { organizationId, environmentId } = run;
      const rows = this.namesOf(run).flatMap((name) => found.get(`${environmentId}/${name}`) ?? []);
      this.variables.set(key, { organizationId, rows, loadedAtMs }, ENTRY_BYTES + bytesOf(rows));
    }
    await this.keyring.load([...stale.values()].map((run) => run.organizationId));
  }

  version(versionId: string): VersionRow {
    const version = this.versions.get(versionId);
    if (!version) throw new Error(`the version ${versionId} does not exist`);
    return version;
  }

  /** What a run may know: the variables that its plan names, and no others. */
  variablesOf(run: ClaimedRun): RunVariables {
    const found: RunVariables = { variables: {}, secrets: [] };
    if (this.version(run.versionId).variableNames.length === 0) return found;
    for (const row of this.variables.get(keyOf(run))?.rows ?? []) {
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

  private async loadVersions(runs: readonly ClaimedRun[]): Promise<void> {
    const unknown = new Map(
      runs.filter((run) => !this.versions.get(run.versionId)).map((run) => [run.versionId, run]),
    );
    if (unknown.size === 0) return;
    for (const row of await this.store.versions([...unknown.values()]))
      this.versions.set(row.versionId, row, ENTRY_BYTES + textBytes(...row.variableNames));
  }

  private namesOf({ versionId }: ClaimedRun): readonly string[] {
    return this.versions.get(versionId)?.variableNames ?? [];
  }

  private open({ organizationId, id, secretVersion, kekId, envelope }: VariableRow): string {
    if (secretVersion === null || kekId === null || envelope === null)
      throw new Error(`the secret ${id} has no version`);
    const key = this.keyring.key(organizationId, kekId);
    return openSecret({ id: kekId, key }, { organizationId, secretId: id, version: secretVersion }, envelope);
  }
}

function keyOf({ environmentId, versionId }: ClaimedRun): string {
  return `${environmentId}/${versionId}`;
}

function bytesOf(rows: readonly VariableRow[]): number {
  let bytes = 0;
  for (const { name, value, envelope, allowedHosts } of rows)
    bytes += ENTRY_BYTES + textBytes(name, value ?? '', envelope ?? '', ...allowedHosts);
  return bytes;
}

/** As memory counts them: two for each character, and some for the string itself. */
function textBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + 2 * text.length + 32, 0);
}
