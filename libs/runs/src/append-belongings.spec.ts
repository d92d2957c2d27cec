import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { attemptEvents, executorEvent, outsideEvent, type RunRef, SqlRuns } from '#libs/testing';
import type { AppendEvent } from './append.ts';

describe('what belongs to events', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const write = (ref: RunRef, events: AppendEvent[], attempt = 1) =>
    runs.outcomes('hg_recorder', { ...ref, attempt, from: 'owner', events });
  const retry = async (ref: RunRef, attempt = 1) => {
    const events = [outsideEvent('run.retried')];
    await runs.append('hg_conductor', { ...ref, attempt, from: 'attempt', events });
    await runs.claim(ref);
  };

  describe('checkpoints', () => {
    const completed = (n: number, nodeId: string, sealed = nodeId, iteration = 0) =>
      executorEvent(n, 'node.completed', {
        checkpoint: { nodeId, iteration, sealed: Buffer.from(sealed), blobHash: null },
      });
    const checkpoints = async ({ runId }: RunRef) =>
      (
        await runs.database.rows<{ text: string }>(
          `select node_id || iteration || ':' || convert_from(sealed, 'UTF8') || ':' || attempt as text
           from run_checkpoint where run_id = $1 order by 1`,
          [runId],
        )
      ).map(({ text }) => text);

    it('are kept per node and iteration', async () => {
      const ref = await runs.assigned();
      await write(ref, [executorEvent(1, 'run.started'), completed(2, 'a'), completed(3, 'a', 'again', 1)]);
      expect(await checkpoints(ref)).toEqual(['a0:a:1', 'a1:again:1']);
    });

    it('stay as they were first written', async () => {
      const ref = await runs.assigned();
      await write(ref, [executorEvent(1, 'run.started'), completed(2, 'a', 'first')]);
      await retry(ref);
      await write(ref, [executorEvent(1, 'run.started'), completed(2, 'a', 'second')], 2);
      expect(await checkpoints(ref)).toEqual(['a0:first:1']);
    });

    it('are neither taken from a lost attempt nor from behind a hole', async () => {
      const ref = await runs.assigned();
      await retry(ref);
      expect(await write(ref, [executorEvent(1, 'run.started'), completed(2, 'lost')])).toEqual([
        'fenced',
        'fenced',
      ]);
      expect(await write(ref, [completed(2, 'holed')], 2)).toEqual(['fenced']);
      expect(await checkpoints(ref)).toEqual([]);
    });

    it('are gone when the run has ended', async () => {
      const ref = await runs.assigned();
      await write(ref, [executorEvent(1, 'run.started'), completed(2, 'a')]);
      await write(ref, [completed(3, 'b'), executorEvent(4, 'run.succeeded')]);
      expect(await checkpoints(ref)).toEqual([]);
    });

    it('are gone when the conductor has ended the run', async () => {
      const ref = await runs.assigned();
      await write(ref, [executorEvent(1, 'run.started'), completed(2, 'a')]);
      const events = [outsideEvent('run.failed')];
      await runs.append('hg_conductor', { ...ref, attempt: 1, from: 'attempt', events });
      expect(await checkpoints(ref)).toEqual([]);
    });
  });

  describe('messages', () => {
    const added = (n: number, id: string, text: string) =>
      executorEvent(n, 'message.added', {
        message: { id, nodeId: 'node', role: 'ai', text: JSON.stringify(text), files: '[]', blobHash: null },
      });
    const messages = ({ runId }: RunRef) =>
      runs.database.rows<object>(
        `select session_id, end_user_id, deployment_id, seq, role, text::text as text from message where run_id = $1 order by seq`,
        [runId],
      );

    it('carry the session of their run and their place in its log', async () => {
      const deploymentId = newId();
      const ref = await runs.assigned({ deploymentId, sessionId: 's', endUserId: 'u' });
      await write(ref, attemptEvents(2));
      await write(ref, [executorEvent(3, 'log'), added(4, newId(), 'a\u0000b')]);
      expect(await messages(ref)).toEqual([
        {
          session_id: 's',
          end_user_id: 'u',
          deployment_id: deploymentId,
          seq: 5,
          role: 'ai',
          text: '"a\\u0000b"',
        },
      ]);
    });

    it('have the text that came last', async () => {
      const ref = await runs.assigned();
      const id = newId();
      await write(ref, [executorEvent(1, 'run.started'), added(2, id, 'first')]);
      await write(ref, [added(3, id, 'second')]);
      await write(ref, [added(2, id, 'first')]);
      expect(await messages(ref)).toMatchObject([{ text: '"second"' }]);
    });

    it('have the text that came last also where both came at once', async () => {
      const ref = await runs.assigned();
      const id = newId();
      await write(ref, [executorEvent(1, 'run.started'), added(2, id, 'first'), added(3, id, 'second')]);
      expect(await messages(ref)).toMatchObject([{ text: '"second"' }]);
    });

    it('are changed by no other run', async () => {
      const [ref, other] = [await runs.assigned(), await runs.assigned()];
      const id = newId();
      await write(ref, [executorEvent(1, 'run.started'), added(2, id, 'mine')]);
      await write(other, [executorEvent(1, 'run.started'), added(2, id, 'theirs')]);
      expect(await messages(ref)).toMatchObject([{ text: '"mine"' }]);
      expect(await messages(other)).toEqual([]);
    });

    it('are not taken from a lost attempt', async () => {
      const ref = await runs.assigned();
      await retry(ref);
      await write(ref, [executorEvent(1, 'run.started'), added(2, newId(), 'lost')]);
      expect(await messages(ref)).toEqual([]);
    });
  });

  describe('usage', () => {
    const spent = (n: number, call: number, tokens: number) =>
      executorEvent(n, 'usage', {
        usage: { nodeId: 'node', iteration: 0, call, model: 'm', inputTokens: tokens, outputTokens: 1 },
      });
    const entries = async ({ runId }: RunRef) =>
      (
        await runs.database.rows<{ text: string }>(
          `select attempt || '/' || call || ':' || input_tokens as text from usage_entry where run_id = $1 order by 1`,
          [runId],
        )
      ).map(({ text }) => text);

    it('is summed on the run while it lives', async () => {
      const ref = await runs.assigned();
      await write(ref, [executorEvent(1, 'run.started'), spent(2, 1, 10), spent(3, 2, 20)]);
      await write(ref, [spent(4, 3, 30)]);
      expect(await runs.live(ref)).toMatchObject({ input_tokens: '60', output_tokens: '3' });
      expect(await entries(ref)).toEqual(['1/1:10', '1/2:20', '1/3:30']);
    });

    it('counts once, however often it comes', async () => {
      const ref = await runs.assigned();
      const events = [executorEvent(1, 'run.started'), spent(2, 1, 10)];
      await write(ref, events);
      expect(await write(ref, events)).toEqual(['duplicate', 'duplicate']);
      expect(await entries(ref)).toEqual(['1/1:10']);
      expect(await runs.live(ref)).toMatchObject({ input_tokens: '10' });
    });

    it('counts once where the first delivery and its copy come together', async () => {
      const ref = await runs.assigned();
      const events = [executorEvent(1, 'run.started'), spent(2, 1, 10)];
      const copy = events.map((event) => ({ ...event }));
      expect(await write(ref, [...events, ...copy])).toEqual([
        'written',
        'written',
        'duplicate',
        'duplicate',
      ]);
      expect(await entries(ref)).toEqual(['1/1:10']);
      expect(await runs.live(ref)).toMatchObject({ input_tokens: '10' });
    });

    it('of a lost attempt is spent, though its events are fenced', async () => {
      const ref = await runs.assigned();
      await retry(ref);
      expect(await write(ref, [executorEvent(1, 'run.started'), spent(2, 1, 10)])).toEqual([
        'fenced',
        'fenced',
      ]);
      await write(
        ref,
        [executorEvent(1, 'run.started'), spent(2, 1, 20), executorEvent(3, 'run.succeeded')],
        2,
      );
      expect(await write(ref, [spent(3, 2, 30)])).toEqual(['fenced']);
      expect(await entries(ref)).toEqual(['1/1:10', '1/2:30', '2/1:20']);
    });
  });
});
