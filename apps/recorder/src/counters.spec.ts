import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BusMessage } from '#libs/contracts';
import { counterFaults, logFaults, type RunRef, reportedEvents, TestRecorder } from '#libs/testing';
import type { EventCounters } from './events/event-counters.ts';

/** One message of a run: which of its events, of which attempt, and what is wrong with it. */
interface Sent {
  run: number;
  from: number;
  to: number;
  attempt: number;
  fault: 'none' | 'token' | 'bytes' | 'schema' | 'row';
}

const RUNS = 4;
const EVENTS = 5;
const sent: fc.Arbitrary<Sent> = fc.record({
  run: fc.nat(RUNS - 1),
  from: fc.nat(EVENTS - 1),
  to: fc.integer({ min: 1, max: EVENTS }),
  attempt: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom('token' as const, 'bytes' as const, 'schema' as const) },
  ),
});

describe('the counters of a recorder', () => {
  let test: TestRecorder;
  beforeAll(async () => {
    test = await TestRecorder.create();
  });
  afterAll(() => test.dispose());

  const messageOf = (ref: RunRef, { from, to, attempt, fault }: Sent): BusMessage => {
    const events = reportedEvents(EVENTS, 'run.succeeded').slice(Math.min(from, to - 1), to);
    const [first] = events;
    if (fault === 'schema' && first) events[0] = { ...first, data: '[]' };
    const message = test.report(ref, events, { attempt, ...(fault === 'token' && { token: 'bad' }) });
    return fault === 'bytes' ? { ...message, value: Buffer.from('?') } : message;
  };
  /** What a life of the recorder in which this was sent breaks, if its counters are these. */
  const faultsOf = async (batches: Sent[][], counted: (counters: EventCounters) => EventCounters) => {
    const refs: RunRef[] = [];
    for (let run = 0; run < RUNS; run += 1) refs.push(await test.runs.assigned());
    const { counters } = test;
    Object.assign(counters, { delivered: 0, written: 0, duplicate: 0, fenced: 0, dead: 0 });
    let taken = 0;
    for (const batch of batches) {
      const messages = batch.map((one) => messageOf(refs[one.run] as RunRef, one));
      for (const one of batch) taken += one.fault === 'bytes' ? 1 : one.to - Math.min(one.from, one.to - 1);
      if (messages.length > 0) await test.take(...messages);
    }
    const faults = counterFaults(counted(counters), taken);
    const logs = await Promise.all(refs.map((ref) => test.runs.log(ref)));
    const fromExecutors = logs.flat().filter(({ n }) => n !== null).length;
    if (fromExecutors !== counters.written) faults.push('the log does not hold what is counted as written');
    return [...faults, ...logs.flatMap(logFaults)];
  };

  it('add up to what it has taken, and to its logs, whatever is sent', async () => {
    const batches = fc.array(fc.array(sent, { maxLength: 12 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        expect(await faultsOf(given, (counters) => counters)).toEqual([]);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  const whole: Sent = { run: 0, from: 0, to: 2, attempt: 1, fault: 'none' };
  it.each<[keyof EventCounters, Sent[]]>([
    ['written', [whole]],
    ['duplicate', [whole, whole]],
    ['fenced', [{ ...whole, attempt: 2 }]],
    ['dead', [{ ...whole, fault: 'token' }]],
    ['delivered', [whole]],
  ])('would show where "%s" forgot one', async (name, batch) => {
    const forgetful = (counters: EventCounters) => ({ ...counters, [name]: counters[name] - 1 });
    expect(await faultsOf([batch], (counters) => counters)).toEqual([]);
    expect(await faultsOf([batch], forgetful)).not.toEqual([]);
  });
});
