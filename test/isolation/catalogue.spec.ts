import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { catalogueFaults, loginFaults, SqlDatabase } from '#libs/testing';

describe('the catalogue', () => {
  let database: SqlDatabase;
  beforeAll(async () => {
    database = await SqlDatabase.create();
  });
  afterAll(() => database.dispose());

  const NOTHING = 'select';

  it('has all that keeps tenants apart, on every table', async () => {
    expect(await database.trying(NOTHING, catalogueFaults)).toEqual([]);
  });

  it('has it on the days of the event log that are made later, too', async () => {
    const change = `set local role hg_conductor; select ensure_event_days('2031-05-10'); reset role`;
    const days = `select count(*)::integer as made from pg_class where relname between 'run_event_20310509' and 'run_event_20310517' and relkind = 'r'`;
    const seen = await database.trying(change, async (client) => ({
      faults: await catalogueFaults(client),
      days: (await client.query(days)).rows,
    }));
    expect(seen).toEqual({ faults: [], days: [{ made: 9 }] });
  });

  it('gives no login more than it needs', async () => {
    expect(await database.trying(NOTHING, loginFaults)).toEqual([]);
  });

  const BAD_CHANGES: [change: string, faults: string[]][] = [
    [
      'alter table message disable row level security',
      ['message: row-level security is not enabled and forced'],
    ],
    ['alter table run no force row level security', ['run: row-level security is not enabled and forced']],
    ['drop policy owner_all on project', ['project: the owner has no policy']],
    [
      'alter policy owner_all on project using (org_id = current_org())',
      ['project: the owner has no policy', 'project: it has a policy that is none of ours'],
    ],
    ['drop policy tenant_only on flow', ['flow: the gateway has no tenant policy']],
    [
      'alter policy tenant_only on flow with check (true)',
      ['flow: the gateway has no tenant policy', 'flow: it has a policy that is none of ours'],
    ],
    ['create policy open on kek to hg_gateway using (true)', ['kek: it has a policy that is none of ours']],
    ['create policy open on kek using (true)', ['kek: it has a policy that is none of ours']],
    [
      'grant select on audit_entry to hg_recorder',
      ['audit_entry: a login has a grant without a policy, or a policy without a grant'],
    ],
    [
      `select serve_all_tenants('audit_entry', 'hg_recorder')`,
      ['audit_entry: a login has a grant without a policy, or a policy without a grant'],
    ],
    [
      'alter table usage_entry drop constraint usage_entry_pkey, add primary key (run_id, node_id, iteration, attempt, call)',
      ['usage_entry: its primary key lacks org_id'],
    ],
    [
      'alter table flow add unique (id); alter table version add foreign key (flow_id) references flow (id)',
      ['version: a foreign key does not carry org_id'],
    ],
    [
      'alter table run_live add unique (run_id, org_id); alter table run_checkpoint add foreign key (org_id, run_id) references run_live (run_id, org_id)',
      ['run_checkpoint: a foreign key does not carry org_id'],
    ],
    [
      'alter table app_user add column home uuid references organization (org_id)',
      ['app_user: a foreign key does not carry org_id'],
    ],
    [
      'create table note (id uuid primary key); alter table note owner to hg_owner',
      ['note: it has no org_id and is not on the list of global tables'],
    ],
    ['grant select on app_user to hg_gateway', ['app_user: the gateway has a privilege on a global table']],
    [
      'grant update (revoked_at) on refresh_family to hg_gateway',
      ['refresh_family: the gateway has a privilege on a global table'],
    ],
    ['grant update on api_key to hg_auth', ['api_key: the doors may do more than read']],
    [
      'grant update (used_at) on bootstrap_token to hg_auth',
      ['bootstrap_token: the doors may do more than read'],
    ],
    [
      'grant select on secret_version to hg_gateway',
      ['secret_version: the gateway can read the ciphertext of secrets'],
    ],
    [
      'grant select (envelope) on secret_version to hg_gateway',
      ['secret_version: the gateway can read the ciphertext of secrets'],
    ],
    [
      'grant truncate on message to hg_recorder',
      ['message: a privilege is granted to everybody, passed on, or more than rows need'],
    ],
    [
      'grant select on recorder_position to public',
      ['recorder_position: a privilege is granted to everybody, passed on, or more than rows need'],
    ],
    [
      'grant select on message to hg_gateway with grant option',
      ['message: a privilege is granted to everybody, passed on, or more than rows need'],
    ],
    [
      'create view all_runs as select * from run; alter view all_runs owner to hg_owner',
      ['all_runs: it is neither a table nor an index'],
    ],
    ['alter table variable owner to postgres', ['variable: hg_owner does not own it']],
    [
      'alter function accept_runs security definer',
      ['accept_runs: it runs with its owner’s rights and is not on the list'],
    ],
    [
      'alter function ensure_event_days reset search_path',
      ['ensure_event_days: it runs with its owner’s rights and is not on the list'],
    ],
  ];
  it.each(BAD_CHANGES)('is found at fault after: %s', async (change, faults) => {
    expect(await database.trying(change, catalogueFaults)).toEqual(faults);
  });

  it('is found at fault for a tenant table that is nothing but a table', async () => {
    const change = 'create table note (org_id text, id uuid primary key)';
    expect(await database.trying(change, catalogueFaults)).toEqual([
      'note: row-level security is not enabled and forced',
      'note: org_id may be empty or is no uuid',
      'note: the owner has no policy',
      'note: the gateway has no tenant policy',
      'note: its primary key lacks org_id',
      'note: hg_owner does not own it',
    ]);
  });

  it.each(['no force row level security', 'disable row level security'])(
    'is found at fault for a day of the event log after: %s',
    async (change) => {
      const [day] = await database.rows<{ name: string }>(
        `select relname as name from pg_class where relname like 'run\\_event\\_2%' and relkind = 'r' limit 1`,
      );
      expect(await database.trying(`alter table ${day?.name} ${change}`, catalogueFaults)).toEqual([
        `${day?.name}: a partition is not closed to all but its parent`,
      ]);
    },
  );

  it('is found at fault for a day of the event log that a login may read by itself', async () => {
    const [day] = await database.rows<{ name: string }>(
      `select relname as name from pg_class where relname like 'run\\_event\\_2%' and relkind = 'r' limit 1`,
    );
    for (const change of [
      `grant select on ${day?.name} to hg_recorder`,
      `create policy open on ${day?.name} to hg_gateway using (true)`,
    ]) {
      expect(await database.trying(change, catalogueFaults)).toEqual([
        `${day?.name}: a partition is not closed to all but its parent`,
      ]);
    }
  });

  const BAD_LOGINS: [make: string, faults: string[]][] = [
    ['create role hg_bad', ['hg_bad: it does not exist or may not sign in']],
    ['create role hg_bad login superuser', ['hg_bad: it is a superuser']],
    ['create role hg_bad login bypassrls', ['hg_bad: it may bypass row-level security']],
    ['create role hg_bad login createrole', ['hg_bad: it may create roles']],
    ['create role hg_bad login createdb', ['hg_bad: it may create databases']],
    ['create role hg_bad login replication', ['hg_bad: it may replicate']],
    ['create role hg_bad login; grant hg_owner to hg_bad', ['hg_bad: it may act as hg_owner']],
    [
      'create role hg_bad login; grant create on schema public to hg_bad',
      ['hg_bad: it may create in the schema'],
    ],
    [
      'create role hg_bad login; create table note (); alter table note owner to hg_bad',
      ['hg_bad: it owns note'],
    ],
  ];
  it.each(BAD_LOGINS)('would be found at fault for a login made by: %s', async (make, faults) => {
    expect(await database.trying(make, (client) => loginFaults(client, ['hg_bad']))).toEqual(
      expect.arrayContaining(faults),
    );
  });
});
