import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '#libs/bus';
import {
  type BusMessage,
  ConductorProbe,
  ExecutorStatus,
  type ExecutorStatusData,
  RunTouched,
} from '#libs/contracts';
import { introduction } from '#libs/crypto';
import {
  deadLetters,
  playExecutor,
  type RunRef,
  roadOf,
  TEST_POOL_KEY,
  TestConductor,
  until,
} from '#libs/testing';
import { PROBE_HEADER } from './leases/probe.ts';

describe('of what is said in the name of an executor that holds a run', () => {
  let test: TestConductor;
  let letters: Delivery[];
  let victim: string;
  let rogue: string;
  let ref: RunRef;
  /** What the victim has truly said. */
  let said: BusMessage[];
  /** What the conductor has truly sent to hear whether anybody can be heard. */
  let probes: BusMessage[];
  beforeEach(async () => {
    test = await TestConductor.create();
    letters = await deadLetters(test.bus);
    [victim, rogue] = [playExecutor(), playExecutor()];
    const runnable = await test.runnable();
    [said, probes] = [[], []];
    const { publish } = test.bus;
    test.bus.publish = async (messages) => {
      said.push(...messages.filter(({ key, topic }) => key === victim && topic === ExecutorStatus.topic));
      probes.push(...messages.filter(({ headers }) => headers[PROBE_HEADER] !== undefined));
      return publish.call(test.bus, messages);
    };
    await test.start();
    await test.report({ executorId: victim, maxRunners: 1, slotsPerRunner: 1 });
    ref = await test.runs.queued(runnable);
    await test.bus.publish([
      RunTouched.encode(ref.organizationId, { ...runnable, ...ref, what: 'requested' }),
    ]);
    await test.told('assign');
    await test.report({ executorId: rogue, isDraining: true });
    await until('the other one is known', () => test.term['executors']['rooms'].has(rogue));
  });
  afterEach(() => test.dispose());

  const rows = () =>
    Promise.all(
      ['run', 'run_live', 'run_event'].map((table) =>
        test.runs.database.rows(`select * from ${table} order by 1, 2`),
      ),
    );
  const lost = (more: Partial<ExecutorStatusData> = {}) =>
    ExecutorStatus.encode(
      null,
      test.status({ executorId: victim, done: [{ ...ref, attempt: 1, outcome: 'lost' }], ...more }),
    );

  const forgedProbe = (nonce: string) =>
    ConductorProbe.encode(null, { nonce }, { [PROBE_HEADER]: 'conductor' });

  const FORGED: [string, () => BusMessage, string | undefined][] = [
    ['without a MAC', () => lost(), 'has not said'],
    ['by another executor', () => roadOf(rogue).say(lost()), 'has not said'],
    ['by another executor of an earlier term', () => roadOf(rogue).say(lost({ term: 0 })), undefined],
    ['in a term that has not come', () => roadOf(rogue).say(lost({ term: 99 })), undefined],
    [
      'with the MAC of another thing that it said',
      () => ({ ...lost(), headers: { ...said.at(-1)?.headers } }),
      'has not said',
    ],
    [
      'with a key of somebody else, introduced by one who has the pool key',
      () => {
        const headers = introduction(TEST_POOL_KEY, { executorId: victim }, roadOf(rogue)['end'].publicKey);
        return { ...lost(), headers };
      },
      'has not said',
    ],
  ];

  it.each(FORGED)(
    'nothing %s has an effect on any row, and it is still heard',
    async (_how, forge, reason) => {
      const before = await rows();
      await test.bus.publish([forge()]);
      await test.report({ executorId: victim, held: [{ ...ref, attempt: 1 }], maxRunners: 17 });
      await until(
        'it is heard',
        () => test.term['executors']['rooms'].get(victim)?.['status']?.maxRunners === 17,
      );
      expect(await rows()).toEqual(before);
      expect(test.term.claims.get(ref.runId)).toMatchObject({ attempt: 1, executorId: victim });
      const reasons = letters.map(({ headers }) => headers['dead-reason']);
      expect(reasons).toEqual(reason === undefined ? [] : [expect.stringContaining(reason)]);
    },
  );

  it('what it has itself said before has none when it is said again', async () => {
    await test.report({ executorId: victim, held: [{ ...ref, attempt: 1 }], maxRunners: 17 });
    await until(
      'it is heard',
      () => test.term['executors']['rooms'].get(victim)?.['status']?.maxRunners === 17,
    );
    const commands = test.commands.length;
    await test.bus.publish(said.slice());
    await test.report({ executorId: victim, held: [{ ...ref, attempt: 1 }], maxRunners: 18 });
    await until(
      'it is heard',
      () => test.term['executors']['rooms'].get(victim)?.['status']?.maxRunners === 18,
    );
    expect(test.commands).toHaveLength(commands);
    expect(letters).toEqual([]);
  });

  it.each<[string, () => BusMessage[]]>([
    ['that the leader has not sent', () => Array.from({ length: 20 }, (_, n) => forgedProbe(`nonce ${n}`))],
    ['that has come before', () => Array.from({ length: 20 }, () => probes.slice(0, 1)).flat()],
  ])('no probe %s makes silence count', async (_what, forge) => {
    const { liveness } = test.term['leases']['options'];
    const probeCame = liveness.probeCame.bind(liveness);
    const beganMs = performance.now();
    let clockMs = beganMs;
    liveness.probeCame = () => {
      clockMs += 1_000;
      probeCame(clockMs);
    };
    await test.term['probe']['send']();
    await until('a probe is back', () => clockMs > beganMs);
    const before = await rows();
    await test.bus.publish(forge());
    await test.report({ executorId: victim, held: [{ ...ref, attempt: 1 }], maxRunners: 17 });
    await until(
      'it is heard',
      () => test.term['executors']['rooms'].get(victim)?.['status']?.maxRunners === 17,
    );
    expect(await rows()).toEqual(before);
    expect(test.term.claims.get(ref.runId)).toMatchObject({ attempt: 1, executorId: victim });
    expect(letters).toEqual([]);
  });

  it('a roll is called for who is introduced, and no run goes there before the answer', async () => {
    const late = playExecutor();
    const status = test.status({ executorId: late, term: 0, maxRunners: 4 });
    await test.bus.publish([roadOf(late).say(ExecutorStatus.encode(null, status))]);
    await until('the roll is called', () =>
      test.commands.some(({ kind, executorId }) => kind === 'roll-call' && executorId === late),
    );
    expect(test.term['executors']['rooms'].has(late)).toBe(false);
  });
});
