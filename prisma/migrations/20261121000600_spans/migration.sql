-- What an executor told of an attempt's time: a row for each message, as nothing looks for a single span. By days as the
-- events are, so that a day can be dropped.
create table run_span (
  run_day date not null,
  org_id uuid not null,
  run_id uuid not null,
  attempt integer not null,
  part integer not null,
  queue_ms double precision not null,
  placement_ms double precision not null,
  dropped integer not null,
  spans json not null,
  primary key (run_day, org_id, run_id, attempt, part)
) partition by range (run_day);
select protect_tenant_table('run_span');
select serve_all_tenants('run_span', 'hg_recorder');
grant select on run_span to hg_gateway;
grant insert on run_span to hg_recorder;

-- Yesterday to seven days ahead of the given day, so that a run's day is there before its first event. How many days it made.
create or replace function ensure_event_days(today date default (now() at time zone 'UTC')::date) returns integer
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  day date;
  by_day text;
  day_table text;
  made date[] := '{}';
begin
  for day in select generate_series(today - 1, today + 7, interval '1 day')::date loop
    foreach by_day in array array['run_event', 'run_span'] loop
      day_table := by_day || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(day_table) is null then
        perform pg_advisory_xact_lock(hashtext('ensure_event_days'));
        -- what another made meanwhile is seen in the table itself, not by to_regclass
        if not exists (select from pg_class where relname = day_table and relnamespace = 'public'::regnamespace) then
          execute format('create table %I partition of %I for values from (%L) to (%L)', day_table, by_day, day, day + 1);
          execute format('alter table %I enable row level security', day_table);
          execute format('alter table %I force row level security', day_table);
          execute format('create policy owner_all on %I to hg_owner using (true) with check (true)', day_table);
          if not day = any(made) then
            made := made || day;
          end if;
        end if;
      end if;
    end loop;
  end loop;
  return cardinality(made);
end $$;
