import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { SqlRuns, sqlStateOf } from '#libs/testing';
import { type NewRun, RunAcceptor } from './run-acceptor.ts';

const DEADLOCK = '40P01';

describe('runs that are accepted together', () => {
  let runs: SqlRuns;
  let stranger: string;
  beforeAll(async () => {
    runs = await SqlRuns.create();
    stranger = newId();
    await runs.addOrganization(stranger);
    const [row] = await runs.database.rows<{ name: string }>('select current_database() as name');
    await runs.database.rows(`alter database ${row?.name} set deadlock_timeout = '50ms'`);
  });
  afterAll(() => runs.dispose());

  const keyed = (key: string, keyId: string, more: Partial<NewRun> = {}): NewRun =>
    runs.newRun({ keyId, idempotency: { route: 'r', key, bodyHash: Buffer.from('body') }, ...more });
  /** The first goes by itself, the others share the next commit. */
  const accept = (given: readonly NewRun[]) => {
    const acceptor = new RunAcceptor(runs.pool('hg_gateway'));
    return Promise.all([runs.newRun(), ...given].map((run) => acceptor.accept(run))).then((all) =>
      all.slice(1),
    );
  };
  const transactionsOf = async (given: readonly NewRun[]) =>
    (
      await runs.database.rows<{ id: string }>(
        'select distinct xmin::text as id from run where id = any($1)',
        [given.map(({ id }) => id)],
      )
    ).length;

  it('share a commit with what came while another was under way', async () => {
    const given = Array.from({ length: 30 }, (_, index) =>
      runs.newRun({ organizationId: index % 3 === 0 ? stranger : runs.organizationId }),
    );
    const accepted = await accept(given);
    expect(accepted.map(({ runId, isNew }) => [runId, isNew])).toEqual(given.map(({ id }) => [id, true]));
    expect(await transactionsOf(given)).toBe(1);
    const rows = await runs.database.rows(
      `select count(*)::integer as count from run r
         join run_live l on l.org_id = r.org_id and l.run_id = r.id and l.deployment_id = r.deployment_id
         join run_event e on e.org_id = r.org_id and e.run_id = r.id and e.data->>'deploymentId' = r.deployment_id::text
       where (r.id, r.org_id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
      [given.map(({ id }) => id), given.map(({ organizationId }) => organizationId)],
    );
    expect(rows).toEqual([{ count: 30 }]);
  });

  it('are each answered for themselves, where keys repeat among them', async () => {
    const keyId = newId();
    const first = keyed('k', keyId);
    const copy = keyed('k', keyId);
    const other = {
      ...keyed('k', keyId),
      idempotency: { route: 'r', key: 'k', bodyHash: Buffer.from('other') },
    };
    const foreign = keyed('k', keyId, { organizationId: stranger });
    const plain = runs.newRun();
    const accepted = await accept([first, copy, foreign, other, plain]);
    expect(accepted.map(({ runId, isNew, isSameBody }) => [runId, isNew, isSameBody])).toEqual([
      [first.id, true, true],
      [first.id, false, true],
      [foreign.id, true, true],
      [first.id, false, false],
      [plain.id, true, true],
    ]);
  });

  it('do not notice one that cannot be taken', async () => {
    const good = [runs.newRun(), runs.newRun({ organizationId: stranger }), keyed('good', newId())];
    const bad = runs.newRun({ sessionId: 'a\u0000b' });
    const acceptor = new RunAcceptor(runs.pool('hg_gateway'));
    const [, ...settled] = await Promise.allSettled(
      [runs.newRun(), ...good, bad].map((run) => acceptor.accept(run)),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    for (const { id } of good) expect(await runs.live({ organizationId: '', runId: id })).toBeDefined();
  });

  it('do not wait for each other in a circle, in whatever order gateways have their keys', async () => {
    const keyId = newId();
    const holder = await runs.pool('hg_gateway').connect();
    await holder.query('begin');
    await holder.query(`select set_config('app.org_id', $1, true)`, [runs.organizationId]);
    await holder.query(
      `insert into idempotency (org_id, principal_id, route, key, body_hash, resource_id)
       select $1, $2, 'r', key, 'body', $2 from unnest($3::text[]) as k (key)`,
      [runs.organizationId, keyId, ['m1', 'm2']],
    );
    const send = (keys: string[]) => sqlStateOf(accept(keys.map((key) => keyed(key, keyId))));
    const forth = send(['a', 'm1', 'z']);
    const back = send(['z', 'm2', 'a']);
    await runs.blocked(2);
    await holder.query('rollback');
    holder.release();
    const states = await Promise.all([forth, back]);
    expect(states).not.toContain(DEADLOCK);
    expect(states).toEqual(['none', 'none']);
  });
});
