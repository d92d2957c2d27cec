-- No foreign keys on run tables: they are the hot path, and a nightly check proves integrity.
create table run (
  org_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  deployment_id uuid not null,
  flow_id uuid not null,
  version_id uuid not null,
  session_id text not null,
  end_user_id text,
  key_id uuid,
  user_id uuid,
  input json,
  -- where the input is too large to stand here
  input_hash text,
  metadata json,
  timeout_seconds integer not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- all below is written once, when the run ends; while it lives, run_live is the truth
  status text,
  attempt integer,
  last_n integer,
  last_seq integer,
  kek_id uuid,
  output json,
  error json,
  usage json,
  cancel_requested_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz
) with (fillfactor = 60);
create index run_deployment on run (org_id, deployment_id, id);
create index run_session on run (org_id, session_id, id);
-- The last index of a table is the first that the planner looks at: while it has no statistics, all look alike to it, and a
-- plan that skips through another index for (org_id, id) would be kept.
alter table run add primary key (org_id, id);
select protect_tenant_table('run');
select serve_all_tenants('run', 'hg_auth');
select serve_all_tenants('run', 'hg_conductor');
select serve_all_tenants('run', 'hg_recorder');
grant select, insert on run to hg_gateway;
grant select (org_id, id, status, last_seq) on run to hg_auth;
grant select, update on run to hg_conductor, hg_recorder;

-- What changes while a run lives. Its row lock is the fence; deleted when the run ends.
create table run_live (
  org_id uuid not null,
  run_id uuid not null,
  run_day date not null,
  project_id uuid not null,
  deployment_id uuid not null,
  status text not null,
  is_queued boolean not null generated always as (status = 'queued') stored,
  attempt integer not null default 0,
  failures integer not null default 0,
  last_n integer not null default 0,
  last_seq integer not null default 1,
  -- a hole in n: nothing more of this attempt is written
  broken boolean not null default false,
  executor_id uuid,
  kek_id uuid,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cancel_requested_at timestamptz,
  assigned_at timestamptz,
  started_at timestamptz,
  not_before timestamptz,
  expires_at timestamptz not null,
  primary key (org_id, run_id)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index run_live_queued on run_live (org_id, project_id, deployment_id, run_id) where is_queued;
create index run_live_cancelling on run_live (org_id, run_id) where cancel_requested_at is not null;
create index run_live_broken on run_live (org_id, run_id) where broken;
create index run_live_expiry on run_live (expires_at) where is_queued;
select protect_tenant_table('run_live');
select serve_all_tenants('run_live', 'hg_auth');
select serve_all_tenants('run_live', 'hg_conductor');
select serve_all_tenants('run_live', 'hg_recorder');
grant select, insert, update on run_live to hg_gateway;
grant select (org_id, run_id, status, last_seq) on run_live to hg_auth;
grant select, update, delete on run_live to hg_conductor, hg_recorder;

create table run_event (
  run_day date not null,
  org_id uuid not null,
  run_id uuid not null,
  seq integer not null,
  attempt integer not null,
  n integer,
  type text not null,
  at timestamptz not null,
  data json not null,
  primary key (run_day, org_id, run_id, seq)
) partition by range (run_day);
select protect_tenant_table('run_event');
select serve_all_tenants('run_event', 'hg_conductor');
select serve_all_tenants('run_event', 'hg_recorder');
grant select, insert on run_event to hg_gateway;
grant select, insert on run_event to hg_conductor, hg_recorder;

-- Yesterday to seven days ahead of the given day, so that a run's day is there before its first event.
create function ensure_event_days(today date default (now() at time zone 'UTC')::date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  day date;
  day_table text;
  made integer := 0;
begin
  for day in select generate_series(today - 1, today + 7, interval '1 day')::date loop
    day_table := 'run_event_' || to_char(day, 'YYYYMMDD');
    if to_regclass(day_table) is null then
      perform pg_advisory_xact_lock(hashtext('ensure_event_days'));
      -- what another made meanwhile is seen in the table itself, not by to_regclass
      if not exists (select from pg_class where relname = day_table and relnamespace = 'public'::regnamespace) then
        execute format('create table %I partition of run_event for values from (%L) to (%L)', day_table, day, day + 1);
        execute format('alter table %I enable row level security', day_table);
        execute format('alter table %I force row level security', day_table);
        execute format('create policy owner_all on %I to hg_owner using (true) with check (true)', day_table);
        made := made + 1;
      end if;
    end if;
  end loop;
  return made;
end $$;
revoke execute on function ensure_event_days(date) from public;
grant execute on function ensure_event_days(date) to hg_conductor;

-- Whether the events of a run that is accepted tomorrow have a place; readiness asks it.
create function has_event_day(day date) returns boolean
  language sql stable
  return to_regclass('run_event_' || to_char(day, 'YYYYMMDD')) is not null;

create table run_checkpoint (
  org_id uuid not null,
  run_id uuid not null,
  node_id text not null,
  iteration integer not null,
  attempt integer not null,
  -- ciphertext, here or, where it is large, in a blob
  sealed bytea,
  blob_hash text,
  primary key (org_id, run_id, node_id, iteration)
);
select protect_tenant_table('run_checkpoint');
select serve_all_tenants('run_checkpoint', 'hg_conductor');
select serve_all_tenants('run_checkpoint', 'hg_recorder');
grant select, delete on run_checkpoint to hg_conductor;
grant select, insert, update, delete on run_checkpoint to hg_recorder;

create table message (
  org_id uuid not null,
  id uuid not null,
  deployment_id uuid not null,
  end_user_id text,
  session_id text not null,
  run_id uuid not null,
  seq integer not null,
  node_id text not null,
  role text not null,
  text json not null,
  -- where the text is too large to stand here
  blob_hash text,
  files json not null,
  created_at timestamptz not null,
  primary key (org_id, id)
);
create index message_session on message (org_id, deployment_id, session_id, created_at, seq);
select protect_tenant_table('message');
select serve_all_tenants('message', 'hg_recorder');
grant select, delete on message to hg_gateway;
grant select, insert, update on message to hg_recorder;

create table usage_entry (
  org_id uuid not null,
  run_id uuid not null,
  node_id text not null,
  iteration integer not null,
  attempt integer not null,
  call integer not null,
  model text not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  created_at timestamptz not null default now(),
  primary key (org_id, run_id, node_id, iteration, attempt, call)
);
select protect_tenant_table('usage_entry');
select serve_all_tenants('usage_entry', 'hg_recorder');
grant select on usage_entry to hg_gateway;
grant select, insert on usage_entry to hg_recorder;
