import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type RunRef, SqlRuns } from '#libs/testing';
import type { LeaderSession } from '../leader/session.ts';
import { type Claim, QueueStore } from './queue.store.ts';

let runs: SqlRuns;
let session: LeaderSession;
let store: QueueStore;
beforeAll(async () => {
  runs = await SqlRuns.create();
  session = runs['session'];
  store = new QueueStore(session);
});
beforeEach(() => runs.database.rows('delete from run_live'));
afterAll(() => runs.dispose());

const claimOf = (ref: RunRef, more: Partial<Claim> = {}): Claim => ({
  run: { ...ref, projectId: newId(), deploymentId: newId() },
  executorId: newId(),
  kekId: newId(),
  ...more,
});
const set = (ref: RunRef, columns: string) =>
  runs.database.rows(`update run_live set ${columns} where run_id = $1`, [ref.runId]);

describe('a claim', () => {
  it('begins the next attempt of each of a batch, on the executor that was chosen', async () => {
    const refs = [await runs.queued(), await runs.queued()];
    const claims = refs.map((ref) => claimOf(ref));
    const claimed = await store.claim(claims);
    for (const { run, executorId, kekId } of claims) {
      expect(claimed.find(({ runId }) => runId === run.runId)).toMatchObject({
        attempt: 1,
        failures: 0,
        executorId,
        kekId,
      });
      const [row] = await runs.database.rows(
        `select status, attempt, last_n, executor_id, kek_id, assigned_at is not null as has_time
         from run_live where run_id = $1`,
        [run.runId],
      );
      const one = { status: 'assigned', attempt: 1, last_n: 0, has_time: true };
      expect(row).toEqual({ ...one, executor_id: executorId, kek_id: kekId });
    }
  });

  it('brings what the assignment needs of the run as it was accepted', async () => {
    const run = runs.newRun({ input: '"h\\u0000i"', sessionId: 's', timeoutSeconds: 7 });
    await runs.acceptor.accept(run);
    await runs.database.rows('update run_live set input_tokens = 5, output_tokens = 6');
    const ref = { organizationId: run.organizationId, runId: run.id };
    const [claimed] = await store.claim([claimOf(ref)]);
    const { projectId, environmentId, deploymentId, versionId } = run;
    expect(claimed).toMatchObject({ projectId, environmentId, deploymentId, versionId });
    expect(claimed).toMatchObject({
      input: '"h\\u0000i"',
      inputHash: null,
      sessionId: 's',
      timeoutSeconds: 7,
    });
    expect(claimed).toMatchObject({ inputTokens: 5, outputTokens: 6, queueMs: expect.any(Number) });
  });

  it('keeps the key of the first attempt, under which its checkpoints are sealed', async () => {
    const ref = await runs.queued();
    const first = claimOf(ref);
    await store.claim([first]);
    await set(ref, `status = 'queued'`);
    const [again] = await store.claim([claimOf(ref)]);
    expect(again).toMatchObject({ attempt: 2, kekId: first.kekId });
  });
});

/** What the claim must not take, one sentence each: those that it took. */
async function claimFaults(asked: QueueStore): Promise<string[]> {
  await runs.database.rows('delete from run_live');
  const cases: Record<string, RunRef> = {};
  const add = async (name: string, columns?: string) => {
    const ref = await runs.queued();
    cases[name] = ref;
    if (columns) await set(ref, columns);
  };
  await add('one that an executor has', `status = 'assigned', attempt = 1`);
  await add('one that waits', `status = 'waiting'`);
  await add('one that is to be cancelled', 'cancel_requested_at = now()');
  await add('one whose time has not come', `not_before = now() + interval '1 minute'`);
  await add('one of another organization');
  const theirs = cases['one of another organization'];
  if (theirs) theirs.organizationId = newId();
  const free = await runs.queued();
  const claimed = await asked.claim([...Object.values(cases), free].map((ref) => claimOf(ref)));
  const taken = new Set(claimed.map(({ runId }) => runId));
  const faults = Object.entries(cases)
    .filter(([, { runId }]) => taken.has(runId))
    .map(([name]) => name);
  return taken.has(free.runId) ? faults : [...faults, 'not one that is free'];
}

/** The store with a word of its statements changed. */
function changed(text: string, instead: string): QueueStore {
  const mutant: LeaderSession = Object.create(session);
  mutant.query = ({ text: statement, values = [] }) => {
    if (statement.split(text).length !== 2) throw new Error(`this does not stand there once: ${text}`);
    return session.query({ text: statement.replace(text, instead), values });
  };
  return new QueueStore(mutant);
}

describe('what a claim takes', () => {
  it('is only what is queued, due, wanted and of that organization', async () => {
    expect(await claimFaults(store)).toEqual([]);
  });

  it.each([
    ['where l.is_queued and', 'where', 'one that an executor has'],
    ['where l.is_queued and', `where l.status in ('queued', 'waiting') and`, 'one that waits'],
    ['and l.cancel_requested_at is null', '', 'one that is to be cancelled'],
    ['and (l.not_before is null or l.not_before <= now())', '', 'one whose time has not come'],
    ['on w.org_id = l.org_id and w.run_id', 'on w.run_id', 'one of another organization'],
    ['where l.is_queued and', 'where false and', 'not one that is free'],
  ])('would show where "%s" were "%s"', async (text, instead, fault) => {
    expect(await claimFaults(changed(text, instead))).toContain(fault);
  });

  it('is taken by one of two that claim at the same time', async () => {
    const ref = await runs.queued();
    const client = await runs.pool('hg_conductor').connect();
    await client.query('begin');
    const rival: LeaderSession = Object.create(session);
    rival.query = async <Row extends object>({ text, values }: { text: string; values?: unknown[] }) =>
      (await client.query<Row>(text, values)).rows;
    const first = await new QueueStore(rival).claim([claimOf(ref)]);
    const second = store.claim([claimOf(ref)]);
    await runs.blocked();
    await client.query('commit');
    client.release();
    expect(first).toHaveLength(1);
    expect(await second).toEqual([]);
    expect(await runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 1 });
  });
});

describe('the checkpoints of a run', () => {
  const leave = (ref: RunRef, nodeId: string, bytes: number) =>
    runs.database.rows(
      `insert into run_checkpoint (org_id, run_id, node_id, iteration, attempt, sealed)
       values ($1, $2, $3, 0, 1, convert_to(repeat('x', $4), 'UTF8'))`,
      [ref.organizationId, ref.runId, nodeId, bytes],
    );

  it('are read for one run of one organization', async () => {
    const [ref, other] = [await runs.queued(), await runs.queued()];
    await leave(ref, 'own', 3);
    await leave(other, 'another', 3);
    expect(await store.checkpoints(ref.organizationId, ref.runId)).toEqual([
      { nodeId: 'own', iteration: 0, sealed: 'eHh4', blobHash: null },
    ]);
    expect(await store.checkpoints(newId(), ref.runId)).toEqual([]);
  });

  it('are all read up to 8 MiB, and none beyond', async () => {
    const ref = await runs.queued();
    const limit = 8 * 1024 * 1024;
    await leave(ref, 'a', limit - 129);
    expect(await store.checkpoints(ref.organizationId, ref.runId)).toHaveLength(1);
    await leave(ref, 'b', 1);
    expect(await store.checkpoints(ref.organizationId, ref.runId)).toBeUndefined();
  });
});

describe('the heads of the queue', () => {
  it('are the 64 oldest runs of each named deployment that could be claimed now', async () => {
    const one = { organizationId: runs.organizationId, projectId: newId(), deploymentId: newId() };
    const refs: RunRef[] = [];
    for (let count = 0; count < 68; count += 1) refs.push(await runs.queued(one));
    refs.sort((a, b) => (a.runId < b.runId ? -1 : 1));
    const [first, second, third] = refs;
    if (!first || !second || !third) throw new Error('no runs');
    await set(first, `status = 'assigned'`);
    await set(second, 'cancel_requested_at = now()');
    await set(third, `not_before = now() + interval '1 minute'`);
    await runs.database.rows('update run_live set failures = 1 where run_id = any($1)', [
      [second.runId, refs[4]?.runId, refs[67]?.runId],
    ]);
    const empty = { ...one, deploymentId: newId() };
    const foreign = { ...one, organizationId: newId() };
    await runs.queued();
    expect(await store.heads([one, empty])).toEqual(
      new Map([
        [one.deploymentId, { runIds: refs.slice(3, 67).map(({ runId }) => runId), alone: [refs[4]?.runId] }],
        [empty.deploymentId, { runIds: [], alone: [] }],
      ]),
    );
    expect(await store.heads([foreign])).toEqual(new Map([[one.deploymentId, { runIds: [], alone: [] }]]));
  });

  it('are looked for where there is work: each deployment once, of every organization and project', async () => {
    const other = newId();
    await runs.addOrganization(other);
    const names = [
      { organizationId: runs.organizationId, projectId: newId(), deploymentId: newId() },
      { organizationId: runs.organizationId, projectId: newId(), deploymentId: newId() },
      { organizationId: other, projectId: newId(), deploymentId: newId() },
    ];
    for (const name of [...names, ...names]) await runs.queued(name);
    await set(await runs.queued(), `status = 'assigned'`);
    const byDeployment = (a: { deploymentId: string }, b: { deploymentId: string }) =>
      a.deploymentId < b.deploymentId ? -1 : 1;
    expect((await store.deploymentsWithWork()).sort(byDeployment)).toEqual(names.sort(byDeployment));
    await runs.database.rows('delete from run_live');
    expect(await store.deploymentsWithWork()).toEqual([]);
  });
});
