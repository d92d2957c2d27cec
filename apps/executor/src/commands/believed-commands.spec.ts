import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '#libs/bus';
import { type Assignment, type BusMessage, commandTo } from '#libs/contracts';
import { introduction } from '#libs/crypto';
import { CommandedExecutor, keyOf } from '../../../../libs/testing/src/commanded-executor.ts';
import { deadLetters } from '../../../../libs/testing/src/dead-letters.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { TEST_POOL_KEY } from '../../../../libs/testing/src/played-executors.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { ConductorRoad } from './conductor-road.ts';

/** A kind that this executor does not know. */
const SUSPEND = { kind: 'suspend', organizationId: 'o1' } as unknown as Parameters<PlayedConductor['say']>[0];

describe('of the commands that come to an executor', () => {
  let executor: CommandedExecutor;
  let letters: Delivery[];
  /** What runs here by the conductor's word. */
  let running: Assignment;
  /** It was cancelled here, and the conductor may not know it yet. */
  let done: Assignment;
  beforeEach(async () => {
    executor = await CommandedExecutor.start();
    letters = await deadLetters(executor.bus);
    [done, running] = [assignment(), assignment()];
    executor.attempts.accept(keyOf(done));
    executor.attempts.finish(keyOf(done), 'lost');
    await executor.bus.publish([executor.conductor.assign(running)]);
    await until('it runs', () => executor.sent.length === 1);
  });
  afterEach(() => executor.stop());

  const assignment = () => executor.parts.assignment({ organizationId: 'o1' });
  const at = (message: BusMessage, like: BusMessage) => {
    const { partition = 0 } = like;
    return { ...message, partition, headers: { ...message.headers, executorid: executor.parts.executorId } };
  };
  /** Whatever was published before it has had its effect. */
  const expectNothingChanged = async (isDead = true) => {
    const next = assignment();
    await executor.bus.publish([executor.conductor.assign(next)]);
    await until('the next one starts', () =>
      executor.sent.some((frame) => frame.kind === 'start' && frame.run === 2),
    );
    expect(executor.sent.map(({ kind }) => kind)).toEqual(['start', 'start']);
    expect(executor.attempts.held()).toEqual([running, next].map(keyOf));
    expect(executor.attempts.done()).toEqual([{ ...keyOf(done), outcome: 'lost' }]);
    expect(executor.parts.road.term).toBe(1);
    if (isDead) await until('it is a dead letter', () => letters.length > 0);
    expect(letters).toHaveLength(isDead ? 1 : 0);
  };
  const harm = (): [string, Parameters<PlayedConductor['say']>[0]][] => [
    ['a cancel', { kind: 'cancel', runId: running.runId, attempt: 1 }],
    ['a roll-call', { kind: 'roll-call', attempts: [] }],
    ['a "recorded"', { kind: 'recorded', attempts: [keyOf(done)] }],
    ['a suspend', SUSPEND],
  ];

  describe.each(['a cancel', 'a roll-call', 'a "recorded"', 'a suspend'])('%s', (what) => {
    const command = () => harm().find(([name]) => name === what)?.[1] ?? { kind: 'roll-call', attempts: [] };
    const unsigned = () =>
      commandTo(
        'o1',
        { ...command(), executorId: executor.parts.executorId } as Parameters<typeof commandTo>[1],
        4,
      );

    it('that nobody has signed is dead', async () => {
      await executor.bus.publish([{ ...unsigned(), headers: { ...unsigned().headers, term: '1' } }]);
      await expectNothingChanged();
    });

    it('that is signed for another executor is dead', async () => {
      const other = new PlayedConductor(new ConductorRoad(TEST_POOL_KEY), 1);
      await executor.bus.publish([at(other.say(command()), unsigned())]);
      await expectNothingChanged();
    });

    it('of a higher term that was not introduced with the pool key is dead', async () => {
      const mine = new PlayedConductor(executor.parts.road, 9).say(command());
      const forged = introduction(Buffer.alloc(32), { term: 9 }, mine.headers['public-key'] ?? '');
      await executor.bus.publish([{ ...mine, headers: { ...mine.headers, ...forged } }]);
      await expectNothingChanged();
    });

    it('of one who has the pool key, in the term of another, is dead', async () => {
      await executor.bus.publish([new PlayedConductor(executor.parts.road, 1).say(command())]);
      await expectNothingChanged();
    });

    it('that was changed on its way is dead', async () => {
      const said = executor.conductor.say({ kind: 'recorded', attempts: [] });
      await executor.bus.publish([{ ...said, value: unsigned().value }]);
      await expectNothingChanged();
    });

    it('of a term that is over has no effect', async () => {
      const earlier = new PlayedConductor(executor.parts.road, 0);
      await executor.bus.publish([earlier.say(command())]);
      await expectNothingChanged(false);
    });
  });

  it('one of a kind that it does not know is dead, whoever says it', async () => {
    await executor.bus.publish([executor.conductor.say(SUSPEND)]);
    await expectNothingChanged();
  });

  it('one that is said again has no effect, even where it would have one by now', async () => {
    const recorded = executor.conductor.say({ kind: 'recorded', attempts: [keyOf(running)] });
    await executor.bus.publish([recorded, recorded]);
    const other = assignment();
    await executor.bus.publish([executor.conductor.assign(other)]);
    await until('another starts', () => executor.sent.length === 2);
    executor.parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await until('it ended', () => executor.attempts.done().length === 2);
    const last = executor.conductor.assign(assignment());
    await executor.bus.publish([recorded, last, last]);
    await until('the last starts', () => executor.sent.length === 3);
    expect(executor.attempts.done()).toHaveLength(2);
    expect(letters).toEqual([]);
  });

  it('the numbers of the next conductor begin anew', async () => {
    const next = new PlayedConductor(executor.parts.road, 2);
    await executor.bus.publish([next.say({ kind: 'cancel', runId: running.runId, attempt: 1 })]);
    await until('it is told', () => executor.sent.length === 2);
    expect(executor.sent[1]).toEqual({ kind: 'cancel', run: 1 });
  });

  it.each<[string, (other: Assignment) => Buffer]>([
    ['for another run', (other) => executor.conductor.seal({ ...other, runId: 'r2' })],
    ['for another attempt', (other) => executor.conductor.seal({ ...other, attempt: 2 })],
    ['for another executor', (other) => new PlayedConductor(new ConductorRoad(TEST_POOL_KEY), 1).seal(other)],
    ['for another term', (other) => new PlayedConductor(executor.parts.road, 2).seal(other)],
    ['and changed since', (other) => executor.conductor.seal(other).fill(0, 40, 41)],
  ])('an assignment that was sealed %s is dead', async (_what, seal) => {
    const other = assignment();
    const sealed = seal(other).toString('base64');
    await executor.bus.publish([
      executor.conductor.say({ kind: 'assign', runId: other.runId, attempt: 1, sealed }),
    ]);
    await expectNothingChanged();
  });
});
