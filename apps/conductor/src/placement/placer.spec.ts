import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isRunToken } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { playExecutor, type RunRef, TestConductor } from '#libs/testing';

describe('the placer', () => {
  let test: TestConductor;
  beforeEach(async () => {
    test = await TestConductor.create();
  });
  afterEach(() => test.dispose());

  const placed = () => test.assignments().map(({ runId }) => runId);

  describe('room', () => {
    it('sends no more runs than there are slots; where one was soon over, the next and one ahead', async () => {
      const runnable = await test.runnable();
      const refs: RunRef[] = [];
      for (let run = 0; run < 5; run += 1) refs.push(await test.queue(runnable));
      test.heard({ maxRunners: 1, slotsPerRunner: 2 });
      await test.place();
      await test.told('assign', 2);
      expect(placed()).toEqual(refs.slice(0, 2).map(({ runId }) => runId));
      expect(test.term.claims.size).toBe(2);
      expect(await test.runs.live({ ...runnable, runId: refs[2]?.runId ?? '' })).toMatchObject({
        status: 'queued',
        attempt: 0,
      });
      test.term['takeback'].release(refs[0]?.runId ?? '', 1);
      await test.told('assign', 4);
      await test.place();
      expect(placed()).toEqual(refs.slice(0, 4).map(({ runId }) => runId));
    });

    it('serves organizations in turn, however many runs one of them has', async () => {
      const [many, few] = [await test.runnable(), await test.runnable()];
      for (let run = 0; run < 5; run += 1) await test.queue(many);
      await test.queue(few);
      test.heard({ maxRunners: 2, slotsPerRunner: 2 });
      await test.place();
      await test.told('assign', 3);
      // one runner each, and the first has taken the last slot of its own
      const counts = Map.groupBy(test.assignments(), ({ organizationId }) => organizationId);
      expect(counts.get(many.organizationId)).toHaveLength(2);
      expect(counts.get(few.organizationId)).toHaveLength(1);
    });

    it('sends nothing where no executor is known', async () => {
      const ref = await test.queue(await test.runnable());
      await test.place();
      expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', attempt: 0 });
    });

    it('does not count a slot for a run that could not be had', async () => {
      const runnable = await test.runnable();
      const gone = await test.queue(runnable);
      await test.runs.database.rows('delete from run_live where run_id = $1', [gone.runId]);
      test.heard({ maxRunners: 1, slotsPerRunner: 1 });
      await test.place();
      const there = await test.queue(runnable);
      await test.place();
      await test.told('assign');
      expect(placed()).toEqual([there.runId]);
    });

    it('is not asked for in the name of all who wait each time that a run ends', async () => {
      const has = await test.runnable();
      for (let run = 0; run < 40; run += 1) await test.queue(has);
      test.heard({ maxRunners: 1, slotsPerRunner: 1 });
      await test.place();
      await test.told('assign');
      for (let other = 0; other < 30; other += 1) await test.queue(await test.runnable());
      const executors = test.term['executors'];
      const choose = executors.choose.bind(executors);
      let asked = 0;
      executors.choose = (organizationId, isAlone) => {
        asked += 1;
        return choose(organizationId, isAlone);
      };
      expect([...test.term['queue'].waiting()]).toHaveLength(31);
      for (let pump = 0; pump < 20; pump += 1) await test.place();
      // of the one that has the runner, at each
      expect(asked).toBe(20);
    });

    it('reads the rest of a long queue when its head has run dry', async () => {
      const runnable = await test.runnable();
      const refs = await Promise.all(Array.from({ length: 70 }, () => test.queue(runnable)));
      test.heard({ maxRunners: 4, slotsPerRunner: 100 });
      await test.place();
      await test.told('assign', 70);
      expect(placed().toSorted()).toEqual(refs.map(({ runId }) => runId).toSorted());
    });
  });

  describe('an assignment', () => {
    it('says what its run needs, to the executor that was chosen, with a token for that one alone', async () => {
      const runnable = await test.runnable(['PLAIN', 'SECRET']);
      await test.setVariable(runnable, 'PLAIN', 'a value');
      await test.setVariable(runnable, 'OTHER', 'not its own');
      await test.setSecret(runnable, 'SECRET', 'a secret');
      const { runId } = await test.queue(runnable, { input: '"hi"', sessionId: 's', timeoutSeconds: 9 });
      const executorId = test.heard();
      await test.place();
      const [command] = await test.told('assign');
      expect(command).toMatchObject({
        executorId,
        assignment: {
          organizationId: runnable.organizationId,
          runId,
          attempt: 1,
          versionId: runnable.versionId,
          plan: { hash: 'plan' },
          input: { json: '"hi"' },
          sessionId: 's',
          timeoutMs: 9_000,
          variables: { PLAIN: 'a value' },
          secrets: [{ name: 'SECRET', value: 'a secret', allowedHosts: ['api.example.com'] }],
          isAlone: false,
          checkpoints: [],
        },
      });
      const token = command?.assignment.runToken ?? '';
      const cellKey = test.conductor['options'].cellKey;
      const name = { organizationId: runnable.organizationId, runId, attempt: 1, executorId };
      expect(isRunToken(cellKey, name, token)).toBe(true);
      expect(isRunToken(cellKey, { ...name, executorId: newId() }, token)).toBe(false);
    });

    it('names a large input by where it is', async () => {
      const runnable = await test.runnable();
      await test.queue(runnable, { input: null, inputHash: 'hash' });
      await test.queue(runnable, { input: null });
      test.heard();
      await test.place();
      const [large, none] = (await test.told('assign', 2)).map(({ assignment }) => assignment.input);
      const url = expect.stringContaining(`/blobs/${runnable.organizationId}/hash`);
      expect(large).toEqual({ hash: 'hash', url });
      expect(none).toEqual({});
    });

    it('may fetch and put large values for as long as the run may take', async () => {
      const day = 86_400;
      await test.queue(await test.runnable(), { inputHash: 'hash', input: null, timeoutSeconds: day });
      test.heard();
      await test.place();
      const [command] = await test.told('assign');
      const { plan, input, staging } = command?.assignment ?? {};
      for (const url of [plan?.url, input?.url, staging?.url]) {
        const expires = Number(new URL(url ?? '').searchParams.get('expires'));
        expect(expires - Date.now() / 1_000).toBeGreaterThan(day);
      }
    });

    it('goes out with what earlier attempts have completed, and alone after a failure', async () => {
      const runnable = await test.runnable();
      const ref = await test.assigned(runnable, playExecutor());
      await test.runs.database.rows(
        `insert into run_checkpoint (org_id, run_id, node_id, iteration, attempt, sealed, blob_hash)
         values ($1, $2, 'small', 0, 1, 'bytes', null), ($1, $2, 'large', 2, 1, null, 'hash')`,
        [ref.organizationId, ref.runId],
      );
      const claim = test.term.claims.get(ref.runId);
      if (!claim) throw new Error('no claim');
      await test.term['takeback'].takeAway(claim, 'a test', true);
      await test.runs.database.rows('update run_live set not_before = null');
      test.term['queue'].add({ ...runnable, runId: ref.runId });
      await test.place();
      const [first, second] = await test.told('assign', 2);
      expect(second?.assignment).toMatchObject({ attempt: 2, isAlone: true });
      expect(second?.assignment.checkpointKey).toBe(first?.assignment.checkpointKey);
      expect(second?.assignment.checkpoints).toEqual(
        expect.arrayContaining([
          { nodeId: 'small', iteration: 0, sealed: Buffer.from('bytes').toString('base64') },
          { nodeId: 'large', iteration: 2, url: expect.stringContaining(`/${ref.organizationId}/hash`) },
        ]),
      );
    });
  });
});
