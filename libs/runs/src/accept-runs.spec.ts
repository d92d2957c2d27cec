import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type RunRef, SqlRuns, sqlStateOf } from '#libs/testing';
import { type NewRun, RunAcceptor } from './run-acceptor.ts';

const ONE_EACH = { runs: 1, live: 1, events: 1 };
const bodyHash = (text: string) => Buffer.from(text.padEnd(32));

describe('accepting a run', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const keyed = (key: string, more: Partial<NewRun> = {}, body = 'body'): NewRun =>
    runs.newRun({ idempotency: { route: 'POST /runs', key, bodyHash: bodyHash(body) }, ...more });
  /** Accepts each by itself, as gateways apart do. */
  const acceptEach = (given: readonly NewRun[]) =>
    Promise.all(given.map((run) => new RunAcceptor(runs.pool('hg_gateway')).accept(run)));
  const refOf = ({ organizationId, id }: NewRun): RunRef => ({ organizationId, runId: id });

  it('makes the run, its live row and the first event of its log', async () => {
    const run = runs.newRun({ input: '"a\\u0000b"', metadata: '{"k":1}', endUserId: 'u', ttlSeconds: 60 });
    expect(await runs.acceptor.accept(run)).toMatchObject({ runId: run.id, isNew: true, isSameBody: true });
    expect(await runs.live(refOf(run))).toMatchObject({
      status: 'queued',
      attempt: 0,
      failures: 0,
      last_seq: 1,
    });
    const [row] = await runs.database.rows(
      `select r.input::text, r.metadata::text, r.end_user_id, r.key_id, r.user_id, r.status, r.timeout_seconds,
         extract(epoch from r.expires_at - r.created_at)::integer as ttl, r.expires_at = l.expires_at as is_one_expiry
       from run r join run_live l on l.org_id = r.org_id and l.run_id = r.id where r.id = $1`,
      [run.id],
    );
    expect(row).toEqual({
      input: '"a\\u0000b"',
      metadata: '{"k":1}',
      end_user_id: 'u',
      key_id: run.keyId,
      user_id: null,
      status: null,
      timeout_seconds: 600,
      ttl: 60,
      is_one_expiry: true,
    });
    const { deploymentId, versionId, sessionId } = run;
    const log = await runs.log(refOf(run));
    expect(log).toMatchObject([{ seq: 1, attempt: 0, n: null, type: 'run.queued' }]);
    expect(JSON.parse(log[0]?.data ?? '')).toEqual({ deploymentId, versionId, sessionId });
  });

  it('answers with the time that the run and its first event have', async () => {
    const run = runs.newRun();
    const { acceptedAt } = await runs.acceptor.accept(run);
    const [row] = await runs.database.rows('select created_at from run where id = $1', [run.id]);
    expect(row).toEqual({ created_at: acceptedAt });
    expect((await runs.log(refOf(run)))[0]?.at).toEqual(acceptedAt);
  });

  it('is one commit, its idempotency record included', async () => {
    const run = keyed(newId());
    await runs.acceptor.accept(run);
    const transactions = await runs.database.rows(
      `select xmin from run where id = $1 union select xmin from run_live where run_id = $1
       union select xmin from run_event where run_id = $1 union select xmin from idempotency where resource_id = $1`,
      [run.id],
    );
    expect(transactions).toHaveLength(1);
  });

  it('leaves nothing of a run that it cannot take', async () => {
    const run = keyed(newId(), { sessionId: 'a\u0000b' });
    expect(await sqlStateOf(runs.acceptor.accept(run))).toBe('22021');
    const [left] = await runs.database.rows(
      `select (select count(*) from run where id = $1) + (select count(*) from idempotency where resource_id = $1) as rows`,
      [run.id],
    );
    expect(left).toEqual({ rows: '0' });
    expect(await runs.live(refOf(run))).toBeUndefined();
  });

  it('refuses an id that is taken', async () => {
    const run = runs.newRun();
    await runs.acceptor.accept(run);
    expect(await sqlStateOf(runs.acceptor.accept({ ...run, sessionId: 'other' }))).toBe('23505');
  });

  describe('under an idempotency key', () => {
    it('gives the run that the key has made', async () => {
      const key = newId();
      const keyId = newId();
      const first = keyed(key, { keyId });
      await runs.acceptor.accept(first);
      const again = keyed(key, { keyId });
      expect(await runs.acceptor.accept(again)).toMatchObject({
        runId: first.id,
        isNew: false,
        isSameBody: true,
      });
      expect(await runs.live(refOf(again))).toBeUndefined();
      expect(await runs.log(refOf(first))).toHaveLength(1);
    });

    it('notices another body', async () => {
      const key = newId();
      const keyId = newId();
      const first = keyed(key, { keyId });
      await runs.acceptor.accept(first);
      expect(await runs.acceptor.accept(keyed(key, { keyId }, 'other'))).toMatchObject({
        runId: first.id,
        isNew: false,
        isSameBody: false,
      });
    });

    it('counts a key for one principal, route and organization alone', async () => {
      const key = newId();
      const stranger = newId();
      await runs.addOrganization(stranger);
      const first = keyed(key);
      const { keyId } = first;
      const hash = bodyHash('body');
      const accepted = await acceptEach([
        first,
        keyed(key),
        keyed(key, { keyId: null, userId: newId() }),
        keyed(key, { keyId, organizationId: stranger }),
        keyed(key, { keyId, idempotency: { route: 'POST /other', key, bodyHash: hash } }),
        keyed(`${key}2`, { keyId }),
      ]);
      expect(accepted.map(({ isNew }) => isNew)).toEqual(Array(6).fill(true));
    });

    const race = async (given: readonly NewRun[]) => {
      const accepted = await acceptEach(given);
      const made = new Set(accepted.map(({ runId }) => runId));
      const [rows] = await runs.database.rows(
        `select (select count(*) from run where id = any($1))::integer as runs,
           (select count(*) from run_live where run_id = any($1))::integer as live,
           (select count(*) from run_event where run_id = any($1))::integer as events`,
        [given.map(({ id }) => id)],
      );
      return { made: made.size, isNew: accepted.filter(({ isNew }) => isNew).length, rows };
    };

    it('makes one run of twenty requests at once', async () => {
      const key = newId();
      const keyId = newId();
      const given = Array.from({ length: 20 }, () => keyed(key, { keyId }));
      expect(await race(given)).toEqual({ made: 1, isNew: 1, rows: ONE_EACH });
    });

    it('makes one more after a day, also of twenty at once', async () => {
      const key = newId();
      const keyId = newId();
      const first = keyed(key, { keyId });
      await runs.acceptor.accept(first);
      const age = async (hours: number) => {
        await runs.database.rows(
          "update idempotency set created_at = now() - $2 * interval '1 minute' where key = $1",
          [key, hours * 60],
        );
      };
      await age(23.9);
      expect((await runs.acceptor.accept(keyed(key, { keyId }))).runId).toBe(first.id);
      await age(24.1);
      const given = Array.from({ length: 20 }, () => keyed(key, { keyId }, 'other'));
      expect(await race(given)).toEqual({ made: 1, isNew: 1, rows: ONE_EACH });
      expect(await runs.live(refOf(first))).toBeDefined();
    });

    /** A request under the same key, not yet committed, that has written this. */
    const meet = async (statement: string, first: NewRun, end: 'commit' | 'rollback') => {
      const holder = await runs.pool('hg_gateway').connect();
      await holder.query('begin');
      await holder.query(`select set_config('app.org_id', $1, true)`, [first.organizationId]);
      await holder.query(statement, [
        first.organizationId,
        first.keyId,
        'POST /runs',
        first.idempotency?.key,
        bodyHash('body'),
        first.id,
      ]);
      const second = keyed(first.idempotency?.key ?? '', { keyId: first.keyId });
      const accepted = runs.acceptor.accept(second);
      await runs.blocked();
      await holder.query(end);
      holder.release();
      return [await accepted, second] as const;
    };
    const INSERT =
      'insert into idempotency (org_id, principal_id, route, key, body_hash, resource_id) values ($1, $2, $3, $4, $5, $6)';
    const RENEW = `update idempotency set created_at = now(), body_hash = $5, resource_id = $6
      where org_id = $1 and principal_id = $2 and route = $3 and key = $4`;

    it('waits for a request that is under way, and gives its run', async () => {
      const first = keyed(newId());
      const [accepted] = await meet(INSERT, first, 'commit');
      expect(accepted).toMatchObject({ runId: first.id, isNew: false, isSameBody: true });
    });

    it('waits for a request that is under way, and makes the run where that one fails', async () => {
      const [accepted, second] = await meet(INSERT, keyed(newId()), 'rollback');
      expect(accepted).toMatchObject({ runId: second.id, isNew: true });
    });

    it('waits for a request that renews an old key, and gives its run', async () => {
      const old = keyed(newId());
      await runs.acceptor.accept(old);
      await runs.database.rows(
        `update idempotency set created_at = now() - interval '2 days' where resource_id = $1`,
        [old.id],
      );
      const first = { ...old, id: newId() };
      const [accepted] = await meet(RENEW, first, 'commit');
      expect(accepted).toMatchObject({ runId: first.id, isNew: false, isSameBody: true });
    });

    it('takes the key again that a request had which failed', async () => {
      const key = newId();
      const keyId = newId();
      await sqlStateOf(runs.acceptor.accept(keyed(key, { keyId, sessionId: '\u0000' })));
      expect(await runs.acceptor.accept(keyed(key, { keyId }))).toMatchObject({ isNew: true });
    });
  });
});
