create table project (
  org_id uuid not null references organization (org_id) on delete cascade,
  id uuid not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, name)
);
select protect_tenant_table('project');
grant select, insert, update on project to hg_gateway;

create table environment (
  org_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  name text not null,
  position integer not null,
  is_default boolean not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, project_id, name),
  foreign key (org_id, project_id) references project (org_id, id) on delete cascade
);
create unique index environment_default on environment (org_id, project_id) where is_default;
select protect_tenant_table('environment');
grant select, insert, update on environment to hg_gateway;

create table flow (
  org_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  name text not null,
  description text not null default '',
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, project_id, name),
  foreign key (org_id, project_id) references project (org_id, id) on delete cascade
);
select protect_tenant_table('flow');
grant select, insert, update on flow to hg_gateway;

create table blob (
  org_id uuid not null references organization (org_id) on delete cascade,
  hash text not null,
  size bigint not null,
  created_at timestamptz not null default now(),
  primary key (org_id, hash)
);
select protect_tenant_table('blob');
select serve_all_tenants('blob', 'hg_recorder');
grant select, insert on blob to hg_gateway, hg_recorder;

create table version (
  org_id uuid not null,
  id uuid not null,
  flow_id uuid not null,
  number integer not null,
  content_hash text not null,
  definition json not null,
  plan_hash text not null,
  report json not null,
  note text not null default '',
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, flow_id, content_hash),
  unique (org_id, flow_id, number),
  foreign key (org_id, flow_id) references flow (org_id, id) on delete cascade,
  foreign key (org_id, plan_hash) references blob (org_id, hash)
);
create index version_plan on version (org_id, plan_hash);
select protect_tenant_table('version');
select serve_all_tenants('version', 'hg_conductor');
grant select, insert on version to hg_gateway;
grant select (org_id, id, plan_hash, content_hash, report) on version to hg_conductor;

create table deployment (
  org_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  flow_id uuid not null,
  name text not null,
  current_release_id uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, environment_id, name),
  foreign key (org_id, project_id) references project (org_id, id) on delete cascade,
  foreign key (org_id, environment_id) references environment (org_id, id) on delete cascade,
  foreign key (org_id, flow_id) references flow (org_id, id) on delete cascade
);
create index deployment_name on deployment (org_id, name);
create index deployment_flow on deployment (org_id, flow_id);
create index deployment_project on deployment (org_id, project_id);
select protect_tenant_table('deployment');
grant select, insert, update on deployment to hg_gateway;

create table release (
  org_id uuid not null,
  id uuid not null,
  deployment_id uuid not null,
  number integer not null,
  version_id uuid not null,
  reason text not null default '',
  created_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, deployment_id, number),
  foreign key (org_id, deployment_id) references deployment (org_id, id) on delete cascade,
  foreign key (org_id, version_id) references version (org_id, id)
);
create index release_version on release (org_id, version_id);
select protect_tenant_table('release');
grant select, insert on release to hg_gateway;
alter table deployment add foreign key (org_id, current_release_id) references release (org_id, id);
create index deployment_release on deployment (org_id, current_release_id);

create table api_key (
  org_id uuid not null references organization (org_id) on delete cascade,
  id uuid not null,
  public_id text not null unique,
  kind text not null,
  hash bytea not null,
  pepper_version integer not null,
  last_four text not null,
  name text not null,
  scopes text[] not null,
  deployment_ids uuid[] not null,
  created_by uuid,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
select protect_tenant_table('api_key');
select serve_all_tenants('api_key', 'hg_auth');
grant select, insert on api_key to hg_gateway;
grant update (revoked_at, last_used_at) on api_key to hg_gateway;
grant select on api_key to hg_auth;

create table variable (
  org_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  name text not null,
  -- a plain variable has its value here; a secret has none here, and a version
  value json,
  secret_version integer,
  allowed_hosts text[] not null default '{}',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  unique (org_id, environment_id, name),
  foreign key (org_id, project_id) references project (org_id, id) on delete cascade,
  foreign key (org_id, environment_id) references environment (org_id, id) on delete cascade,
  check ((value is null) <> (secret_version is null))
);
create index variable_project on variable (org_id, project_id);
select protect_tenant_table('variable');
select serve_all_tenants('variable', 'hg_conductor');
grant select, insert, update, delete on variable to hg_gateway;
grant select on variable to hg_conductor;

create table secret_version (
  org_id uuid not null,
  secret_id uuid not null,
  version integer not null,
  kek_id uuid not null,
  envelope text not null,
  created_at timestamptz not null default now(),
  primary key (org_id, secret_id, version),
  foreign key (org_id, secret_id) references variable (org_id, id) on delete cascade,
  foreign key (org_id, kek_id) references kek (org_id, id)
);
create index secret_version_kek on secret_version (org_id, kek_id);
select protect_tenant_table('secret_version');
select serve_all_tenants('secret_version', 'hg_conductor');
grant insert on secret_version to hg_gateway;
grant select (org_id, secret_id, version, kek_id, created_at) on secret_version to hg_gateway;
grant select on secret_version to hg_conductor;
