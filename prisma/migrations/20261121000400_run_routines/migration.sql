-- Accepts runs: sets the tenant for this statement alone, checks idempotency, inserts run and run.queued. One entry of the
-- arrays per run; runs that come in together share the commit.
create function accept_runs(
  p_org uuid[], p_run uuid[], p_day date[], p_project uuid[], p_environment uuid[], p_deployment uuid[], p_flow uuid[], p_version uuid[],
  p_session text[], p_end_user text[], p_key uuid[], p_user uuid[], p_input text[], p_input_hash text[], p_metadata text[],
  p_timeout_seconds integer[], p_ttl_seconds integer[], p_route text[], p_idempotency_key text[], p_body_hash bytea[]
) returns table (run_id uuid, is_new boolean, is_same_body boolean, accepted_at timestamptz)
  language plpgsql security invoker as $$
#variable_conflict use_column
declare
  at_now timestamptz := date_trunc('milliseconds', now());
  a_run uuid[] := p_run;
  a_is_new boolean[] := array_fill(true, array[cardinality(p_run)]);
  a_is_same boolean[] := array_fill(true, array[cardinality(p_run)]);
  earlier record;
  principal uuid;
  tenant uuid;
  i integer;
begin
  for tenant in select distinct o.org_id from unnest(p_org) as o (org_id) order by 1 loop
    perform set_config('app.org_id', tenant::text, true);

    -- keys are taken in one order by all who accept, so that none waits for another in a circle
    for i in select k.i
      from unnest(p_idempotency_key, p_route, p_key, p_user, p_org) with ordinality as k (key, route, key_id, user_id, org_id, i)
      where k.key is not null and k.org_id = tenant order by k.key, k.route, coalesce(k.key_id, k.user_id), k.i
    loop
      principal := coalesce(p_key[i], p_user[i]);
      loop
        insert into idempotency (org_id, principal_id, route, key, body_hash, resource_id)
          values (tenant, principal, p_route[i], p_idempotency_key[i], p_body_hash[i], p_run[i])
          on conflict do nothing;
        exit when found;
        select k.resource_id, k.body_hash, k.created_at into earlier from idempotency k
          where k.org_id = tenant and k.principal_id = principal and k.route = p_route[i] and k.key = p_idempotency_key[i];
        if found and earlier.created_at > now() - interval '24 hours' then
          a_run[i] := earlier.resource_id;
          a_is_new[i] := false;
          a_is_same[i] := earlier.body_hash = p_body_hash[i];
          exit;
        end if;
        -- too old to count: whoever overwrites it first has made the run
        update idempotency k set body_hash = p_body_hash[i], resource_id = p_run[i], created_at = now()
          where k.org_id = tenant and k.principal_id = principal and k.route = p_route[i] and k.key = p_idempotency_key[i]
            and k.created_at = earlier.created_at;
        exit when found;
      end loop;
    end loop;

    insert into run (org_id, id, project_id, environment_id, deployment_id, flow_id, version_id, session_id, end_user_id, key_id,
        user_id, input, input_hash, metadata, timeout_seconds, created_at, expires_at)
      select u.org_id, u.run_id, u.project_id, u.environment_id, u.deployment_id, u.flow_id, u.version_id, u.session_id, u.end_user_id,
        u.key_id, u.user_id, u.input::json, u.input_hash, u.metadata::json, u.timeout_seconds, at_now,
        at_now + u.ttl_seconds * interval '1 second'
      from unnest(p_org, p_run, p_project, p_environment, p_deployment, p_flow, p_version, p_session, p_end_user, p_key, p_user, p_input,
          p_input_hash, p_metadata, p_timeout_seconds, p_ttl_seconds, a_is_new)
        as u (org_id, run_id, project_id, environment_id, deployment_id, flow_id, version_id, session_id, end_user_id, key_id, user_id,
          input, input_hash, metadata, timeout_seconds, ttl_seconds, is_new)
      where u.org_id = tenant and u.is_new;
    insert into run_live (org_id, run_id, run_day, project_id, deployment_id, status, expires_at)
      select u.org_id, u.run_id, u.run_day, u.project_id, u.deployment_id, 'queued', at_now + u.ttl_seconds * interval '1 second'
      from unnest(p_org, p_run, p_day, p_project, p_deployment, p_ttl_seconds, a_is_new)
        as u (org_id, run_id, run_day, project_id, deployment_id, ttl_seconds, is_new)
      where u.org_id = tenant and u.is_new;
    insert into run_event (run_day, org_id, run_id, seq, attempt, type, at, data)
      select u.run_day, u.org_id, u.run_id, 1, 0, 'run.queued', at_now,
        json_build_object('deploymentId', u.deployment_id, 'versionId', u.version_id, 'sessionId', u.session_id)
      from unnest(p_org, p_run, p_day, p_deployment, p_version, p_session, a_is_new)
        as u (org_id, run_id, run_day, deployment_id, version_id, session_id, is_new)
      where u.org_id = tenant and u.is_new;
  end loop;
  return query select u.run_id, u.is_new, u.is_same, at_now from unnest(a_run, a_is_new, a_is_same) as u (run_id, is_new, is_same);
end $$;
revoke execute on function accept_runs from public;
grant execute on function accept_runs to hg_gateway;

-- When an event happened, by the database's clock alone: so long after the claim, and not in the future. Without a claim or a
-- distance, now.
create function event_time(assigned_at timestamptz, elapsed_ms integer, at_now timestamptz) returns timestamptz
  language sql immutable parallel safe
  return case when elapsed_ms is null then at_now else least(at_now, assigned_at + elapsed_ms * interval '1 millisecond') end;

-- The types of events that a login may append.
create function appendable(login name) returns text[]
  language sql immutable parallel safe
  return case login
    when 'hg_gateway' then array['run.cancel_requested']
    when 'hg_conductor' then array['run.retried', 'run.failed', 'run.timed_out', 'run.cancelled']
    when 'hg_recorder' then array['run.started', 'node.started', 'node.skipped', 'node.completed', 'node.failed', 'message.added',
      'message.delta', 'output', 'log', 'usage', 'egress.refused', 'run.succeeded', 'run.failed', 'run.timed_out', 'run.cancelled']
    else '{}'
  end;

-- Writes events and moves the runs' states, behind the fence: the lock on run_live, the attempt and the old state.
--   r_*: one entry per (run, attempt), in the order of (org_id, run_id). Its events count from r_first_n to r_last_n without a
--   gap, or have no n; at most one ends the run, and is the last.
--   r_from: whose events these are. 'owner': the executor that holds the attempt. 'attempt': of an attempt that is taken
--   away or ended for it. 'queued', 'waiting': of a run in that state. 'live': of a run in any state, whatever its attempt.
--   e_*: the events, e_r names the entry, e_k counts them within it. t_*, c_*, m_*, u_*: what belongs to event e.
-- Answers per entry whether it was open, and where the log stood before: from that follows what became of each event.
create function append_events(
  r_org uuid[], r_run uuid[], r_attempt integer[], r_from text[], r_first_n integer[], r_last_n integer[], r_count integer[],
  r_is_holed boolean[], r_started_ms integer[], r_move text[], r_failures integer[], r_delay_ms integer[],
  e_r integer[], e_k integer[], e_n integer[], e_type text[], e_elapsed_ms integer[], e_data text[],
  t_r integer[], t_type text[], t_elapsed_ms integer[], t_output text[], t_error text[], t_usage text[],
  c_r integer[], c_n integer[], c_node text[], c_iteration integer[], c_sealed bytea[], c_blob text[],
  m_r integer[], m_n integer[], m_elapsed_ms integer[], m_id uuid[], m_node text[], m_role text[], m_text text[], m_files text[], m_blob text[],
  u_r integer[], u_n integer[], u_node text[], u_iteration integer[], u_call integer[], u_model text[], u_input bigint[], u_output bigint[]
) returns table (
  attempt integer, is_open boolean, is_next boolean, last_n integer, last_seq integer, assigned_at timestamptz, now timestamptz,
  -- of a run that has ended: its last attempt, and how far that had come
  final_attempt integer, final_n integer
)
  language plpgsql security invoker as $$
#variable_conflict use_column
declare
  at_now timestamptz := date_trunc('milliseconds', now());
  s_day date[];
  s_attempt integer[];
  s_is_open boolean[];
  s_is_live boolean[];
  -- whether the entry's events follow those that are written, or overlap them
  s_is_next boolean[];
  s_last_n integer[];
  s_last_seq integer[];
  s_assigned_at timestamptz[];
begin
  if not e_type <@ appendable(current_user) then
    raise exception 'the login % may not append one of these events: %', current_user, e_type using errcode = '42501';
  end if;

  -- the fence: rows are locked in the order of the entries, which is the same for all who write
  select array_agg(l.run_day order by u.r), array_agg(l.attempt order by u.r), array_agg(coalesce(l.is_open, false) order by u.r), array_agg(l.run_id is not null order by u.r),
      array_agg(u.first_n <= l.last_n + 1 order by u.r), array_agg(l.last_n order by u.r), array_agg(l.last_seq order by u.r),
      array_agg(l.assigned_at order by u.r)
    into s_day, s_attempt, s_is_open, s_is_live, s_is_next, s_last_n, s_last_seq, s_assigned_at
    from unnest(r_org, r_run, r_attempt, r_from, r_first_n) with ordinality as u (org_id, run_id, attempt, from_state, first_n, r)
    left join lateral (
      select l.run_id, l.run_day, l.attempt, l.last_n, l.last_seq, l.assigned_at,
        case u.from_state
          when 'owner' then l.attempt = u.attempt and l.status in ('assigned', 'running') and not l.broken
          when 'attempt' then l.attempt = u.attempt and l.status in ('assigned', 'running')
          when 'live' then l.cancel_requested_at is null
          else l.attempt = u.attempt and l.status = u.from_state
        end as is_open
      from run_live l where l.org_id = u.org_id and l.run_id = u.run_id
      for update
    ) l on true;

  insert into run_event (run_day, org_id, run_id, seq, attempt, n, type, at, data)
    select s_day[e.r], r_org[e.r], r_run[e.r], s_last_seq[e.r] + coalesce(e.n - s_last_n[e.r], e.k), s_attempt[e.r], e.n, e.type,
      event_time(s_assigned_at[e.r], e.elapsed_ms, at_now), e.data::json
    from unnest(e_r, e_k, e_n, e_type, e_elapsed_ms, e_data) as e (r, k, n, type, elapsed_ms, data)
    where s_is_open[e.r] and (e.n is null or (s_is_next[e.r] and e.n > s_last_n[e.r]));

  if cardinality(t_r) < cardinality(r_org) or false = any(s_is_next) then
    update run_live l set
      last_n = case when u.is_next then greatest(l.last_n, u.last_n) else l.last_n end,
      last_seq = l.last_seq + case when u.is_next is null then u.count when u.is_next then greatest(0, u.last_n - l.last_n) else 0 end,
      status = case when u.move = 'retry' then 'queued' when u.is_next then 'running' else l.status end,
      -- a hole: nothing more of this attempt is written
      broken = u.move is distinct from 'retry' and (l.broken or u.is_holed or u.is_next is false),
      failures = l.failures + case when u.move = 'retry' then u.failures else 0 end,
      not_before = case when u.move = 'retry' then at_now + u.delay_ms * interval '1 millisecond' else l.not_before end,
      started_at = case when u.is_next and u.started_ms is not null
        then coalesce(l.started_at, event_time(l.assigned_at, u.started_ms, at_now)) else l.started_at end,
      cancel_requested_at = case when u.move = 'cancel' then at_now else l.cancel_requested_at end
    from unnest(r_org, r_run, r_last_n, r_count, r_is_holed, r_started_ms, r_move, r_failures, r_delay_ms, s_is_open, s_is_next)
      as u (org_id, run_id, last_n, count, is_holed, started_ms, move, failures, delay_ms, is_open, is_next)
    where u.is_open and (u.move is distinct from 'end' or u.is_next is false) and l.org_id = u.org_id and l.run_id = u.run_id;
  end if;

  if cardinality(c_r) > 0 then
    insert into run_checkpoint (org_id, run_id, node_id, iteration, attempt, sealed, blob_hash)
      select r_org[c.r], r_run[c.r], c.node_id, c.iteration, r_attempt[c.r], c.sealed, c.blob_hash
      from unnest(c_r, c_n, c_node, c_iteration, c_sealed, c_blob) as c (r, n, node_id, iteration, sealed, blob_hash)
      where s_is_open[c.r] and s_is_next[c.r] and c.n > s_last_n[c.r]
      on conflict do nothing;
  end if;

  if cardinality(m_r) > 0 then
    insert into message (org_id, id, deployment_id, end_user_id, session_id, run_id, seq, node_id, role, text, files, blob_hash, created_at)
      select distinct on (run.org_id, m.id) run.org_id, m.id, run.deployment_id, run.end_user_id, run.session_id, run.id, s_last_seq[m.r] + m.n - s_last_n[m.r], m.node_id,
        m.role, m.text::json, m.files::json, m.blob_hash, event_time(s_assigned_at[m.r], m.elapsed_ms, at_now)
      from unnest(m_r, m_n, m_elapsed_ms, m_id, m_node, m_role, m_text, m_files, m_blob)
          as m (r, n, elapsed_ms, id, node_id, role, text, files, blob_hash)
        join run on run.org_id = r_org[m.r] and run.id = r_run[m.r]
      where s_is_open[m.r] and s_is_next[m.r] and m.n > s_last_n[m.r]
      order by run.org_id, m.id, m.r, m.n desc
      on conflict (org_id, id) do update set text = excluded.text, files = excluded.files, blob_hash = excluded.blob_hash
        -- a run may say its own message anew, and no other's
        where message.run_id = excluded.run_id;
  end if;

  if cardinality(u_r) > 0 then
    -- not fenced: what a lost attempt spent is spent
    insert into usage_entry (org_id, run_id, node_id, iteration, attempt, call, model, input_tokens, output_tokens)
      select r_org[u.r], r_run[u.r], u.node_id, u.iteration, r_attempt[u.r], u.call, u.model, u.input_tokens, u.output_tokens
      from unnest(u_r, u_node, u_iteration, u_call, u_model, u_input, u_output)
          as u (r, node_id, iteration, call, model, input_tokens, output_tokens)
      on conflict do nothing;
    update run_live l set input_tokens = l.input_tokens + k.input_tokens, output_tokens = l.output_tokens + k.output_tokens
      from (
        select u.r, sum(u.input_tokens) as input_tokens, sum(u.output_tokens) as output_tokens
        from unnest(u_r, u_n, u_input, u_output) as u (r, n, input_tokens, output_tokens)
        where s_is_open[u.r] and s_is_next[u.r] and u.n > s_last_n[u.r]
        group by u.r
      ) k
      where l.org_id = r_org[k.r] and l.run_id = r_run[k.r];
  end if;

  if cardinality(t_r) > 0 then
    with ended as (
      delete from run_live l using unnest(t_r, t_type, t_elapsed_ms, t_output, t_error, t_usage) as t (r, type, elapsed_ms, output, error, usage)
      where s_is_open[t.r] and (s_is_next[t.r] is null or (s_is_next[t.r] and r_last_n[t.r] > s_last_n[t.r]))
        and l.org_id = r_org[t.r] and l.run_id = r_run[t.r]
      returning l.*, t.r, t.type, t.elapsed_ms, t.output, t.error, t.usage
    ),
    drop_checkpoints as (
      delete from run_checkpoint c using ended d where c.org_id = d.org_id and c.run_id = d.run_id
    )
    update run set status = substr(d.type, 5), attempt = d.attempt, last_n = coalesce(r_last_n[d.r], d.last_n),
        last_seq = d.last_seq + coalesce(r_last_n[d.r] - d.last_n, r_count[d.r]), kek_id = d.kek_id,
        cancel_requested_at = d.cancel_requested_at,
        started_at = coalesce(d.started_at,
          case when r_started_ms[d.r] is not null then event_time(d.assigned_at, r_started_ms[d.r], at_now) end),
        finished_at = event_time(d.assigned_at, d.elapsed_ms, at_now),
        output = d.output::json, error = d.error::json, usage = d.usage::json
      from ended d
      where run.org_id = d.org_id and run.id = d.run_id;
  end if;

  if false = any(s_is_live) then
    return query select o.attempt, o.is_open, o.is_next, o.last_n, o.last_seq, o.assigned_at, at_now, f.attempt, f.last_n
      from unnest(s_attempt, s_is_open, s_is_next, s_last_n, s_last_seq, s_assigned_at, s_is_live, r_org, r_run) with ordinality
          as o (attempt, is_open, is_next, last_n, last_seq, assigned_at, is_live, org_id, run_id, r)
        left join run f on not o.is_live and f.org_id = o.org_id and f.id = o.run_id
      order by o.r;
  else
    return query select o.attempt, o.is_open, o.is_next, o.last_n, o.last_seq, o.assigned_at, at_now, null::integer, null::integer
      from unnest(s_attempt, s_is_open, s_is_next, s_last_n, s_last_seq, s_assigned_at) as o (attempt, is_open, is_next, last_n, last_seq, assigned_at);
  end if;
end $$;
revoke execute on function append_events from public;
grant execute on function append_events to hg_gateway, hg_conductor, hg_recorder;
