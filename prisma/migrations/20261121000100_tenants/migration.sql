-- The organization of a statement. Empty outside withOrg and accept_run, so every tenant policy then sees nothing.
create function current_org() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.org_id', true), '')::uuid;

-- Makes a table a tenant table. The owner's policy keeps data migrations from silently changing nothing.
create function protect_tenant_table(tenant_table regclass) returns void
  language plpgsql as $$
begin
  execute format('alter table %s enable row level security', tenant_table);
  execute format('alter table %s force row level security', tenant_table);
  execute format('create policy owner_all on %s to hg_owner using (true) with check (true)', tenant_table);
  execute format('create policy tenant_only on %s to hg_gateway using (org_id = current_org()) with check (org_id = current_org())', tenant_table);
end $$;

-- Opens a tenant table to a role that serves all organizations; its grants say for what.
create function serve_all_tenants(tenant_table regclass, served_role name) returns void
  language plpgsql as $$
begin
  execute format('create policy %I on %s to %I using (true) with check (true)', served_role || '_all', tenant_table, served_role);
end $$;

revoke execute on function protect_tenant_table(regclass), serve_all_tenants(regclass, name) from public;

create table app_user (
  id uuid primary key,
  email text not null unique,
  password_hash text not null,
  authorization_version integer not null default 1,
  is_platform_admin boolean not null default false,
  created_at timestamptz not null default now()
);
grant select, insert, update on app_user to hg_auth;

create table refresh_family (
  id uuid primary key,
  user_id uuid not null references app_user (id) on delete cascade,
  -- the same in all its tokens; their secret is what changes
  public_id text not null unique,
  -- the organization the last access token was made for: where the next one goes unless another is named
  last_organization_id uuid not null,
  current_hash bytea not null,
  previous_hash bytea,
  rotated_at timestamptz not null default now(),
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index refresh_family_user on refresh_family (user_id);
grant select, insert, update on refresh_family to hg_auth;

create table dead_letter (
  id uuid primary key,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  key bytea not null,
  value bytea not null,
  headers json not null,
  reason text not null,
  created_at timestamptz not null default now(),
  unique (topic, partition, "offset", created_at)
);
grant select, insert on dead_letter to hg_recorder;

create table recorder_position (
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  primary key (topic, partition)
);
grant select, insert, update, delete on recorder_position to hg_recorder;
grant select on recorder_position to hg_conductor;

create table organization (
  org_id uuid primary key,
  name text not null,
  created_at timestamptz not null default now()
);
select protect_tenant_table('organization');
select serve_all_tenants('organization', 'hg_auth');
grant select, insert, update on organization to hg_gateway;
grant select on organization to hg_auth;

create table membership (
  org_id uuid not null references organization (org_id) on delete cascade,
  user_id uuid not null references app_user (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (org_id, user_id)
);
create index membership_user on membership (user_id);
select protect_tenant_table('membership');
select serve_all_tenants('membership', 'hg_auth');
grant select, insert, delete on membership to hg_gateway;
grant select on membership to hg_auth;

create table binding (
  org_id uuid not null references organization (org_id) on delete cascade,
  id uuid not null,
  subject_kind text not null,
  subject_id uuid not null,
  role text not null,
  scope_kind text not null,
  scope_id uuid not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, subject_kind, subject_id, role, scope_kind, scope_id)
);
select protect_tenant_table('binding');
select serve_all_tenants('binding', 'hg_auth');
grant select, insert, delete on binding to hg_gateway;
grant select on binding to hg_auth;

create table bootstrap_token (
  org_id uuid not null references organization (org_id) on delete cascade,
  id uuid not null,
  public_id text not null unique,
  hash bytea not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
select protect_tenant_table('bootstrap_token');
select serve_all_tenants('bootstrap_token', 'hg_auth');
grant select, insert, update on bootstrap_token to hg_gateway;
grant select on bootstrap_token to hg_auth;

create table kek (
  org_id uuid not null references organization (org_id) on delete cascade,
  id uuid not null,
  wrapped text not null,
  retired_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
-- one key in use per organization
create unique index kek_in_use on kek (org_id) where retired_at is null;
select protect_tenant_table('kek');
select serve_all_tenants('kek', 'hg_conductor');
grant select, insert on kek to hg_gateway;
grant select on kek to hg_conductor;

create table audit_entry (
  org_id uuid not null references organization (org_id) on delete cascade,
  seq bigint not null,
  hash bytea not null,
  entry json not null,
  primary key (org_id, seq)
);
select protect_tenant_table('audit_entry');
grant select, insert on audit_entry to hg_gateway;

create table idempotency (
  org_id uuid not null references organization (org_id) on delete cascade,
  principal_id uuid not null,
  route text not null,
  key text not null,
  body_hash bytea not null,
  resource_id uuid not null,
  -- what the first call answered, without its secret; null for a run, which is read anew
  response json,
  created_at timestamptz not null default now(),
  primary key (org_id, principal_id, route, key)
);
create index idempotency_age on idempotency (created_at);
select protect_tenant_table('idempotency');
select serve_all_tenants('idempotency', 'hg_conductor');
grant select, insert, update on idempotency to hg_gateway;
grant select, delete on idempotency to hg_conductor;
