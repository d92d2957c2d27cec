import type { LeaderSession } from '../leader/session.ts';

export interface VersionRow {
  organizationId: string;
  versionId: string;
  planHash: string;
  contentHash: string;
  /** The names of the variables that its plan reads. */
  variableNames: string[];
}

export interface VariableRow {
  organizationId: string;
  environmentId: string;
  id: string;
  name: string;
  /** JSON text. */
  value: string | null;
  secretVersion: number | null;
  kekId: string | null;
  envelope: string | null;
  allowedHosts: string[];
}

export interface KekRow {
  organizationId: string;
  kekId: string;
  wrapped: string;
  isInUse: boolean;
}

/** What assignments are made of, read on the leader's session. */
export class PlacementStore {
  constructor(private readonly session: LeaderSession) {}

  async versions(keys: readonly { organizationId: string; versionId: string }[]): Promise<VersionRow[]> {
    const rows = await this.session.query<VersionRow & { report: { variables: { name: string }[] } }>({
      name: 'versions',
      text: `select v.org_id as "organizationId", v.id as "versionId", v.plan_hash as "planHash", v.content_hash as "contentHash", v.report
             from unnest($1::uuid[], $2::uuid[]) as w (org_id, id) join version v on v.org_id = w.org_id and v.id = w.id`,
      values: [keys.map((key) => key.organizationId), keys.map((key) => key.versionId)],
    });
    return rows.map(({ report, ...row }) => ({
      ...row,
      variableNames: [...new Set(report.variables.map((variable) => variable.name))],
    }));
  }

  /** Those that are named, and no others: an environment may hold a great many. */
  variables(
    keys: readonly { organizationId: string; environmentId: string; name: string }[],
  ): Promise<VariableRow[]> {
    return this.session.query<VariableRow>({
      name: 'variables',
      text: `select v.org_id as "organizationId", v.environment_id as "environmentId", v.id, v.name, v.value::text as value,
               v.secret_version as "secretVersion", s.kek_id as "kekId", s.envelope, v.allowed_hosts as "allowedHosts"
             from unnest($1::uuid[], $2::uuid[], $3::text[]) as w (org_id, environment_id, name)
               join variable v on v.org_id = w.org_id and v.environment_id = w.environment_id and v.name = w.name
               left join secret_version s on s.org_id = v.org_id and s.secret_id = v.id and s.version = v.secret_version`,
      values: [
        keys.map((key) => key.organizationId),
        keys.map((key) => key.environmentId),
        keys.map((key) => key.name),
      ],
    });
  }

  /** A few of all. */
  someKeks(): Promise<KekRow[]> {
    return this.session.query<KekRow>({
      text: `select org_id as "organizationId", id as "kekId", wrapped, retired_at is null as "isInUse" from kek limit 10`,
    });
  }

  keks(organizationIds: readonly string[]): Promise<KekRow[]> {
    return this.session.query<KekRow>({
      name: 'keks',
      text: `select org_id as "organizationId", id as "kekId", wrapped, retired_at is null as "isInUse" from kek where org_id = any($1::uuid[])`,
      values: [organizationIds],
    });
  }
}
