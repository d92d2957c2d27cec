import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BusMessage, type RunEventsData, TOPICS } from '#libs/contracts';
import { chain, chatInput, chatOutput, fault, prompt, sleepingFlow } from '#libs/testing';
import { commands, FaultyRing, isEnding, reports, type ToldEvent } from './faulty-ring.ts';

/** Statuses, sweeps and looks at the heads come each second; an assignment is sent again after two. Each bound doubled. */
const BOUND_MS = { second: 2_000, resend: 4_000 };

const NODES = ['ChatInput-1', 'Prompt-1', 'Sleep-1', 'Prompt-2', 'Sleep-2', 'ChatOutput-1'];
const STEPS = chain(
  chatInput(),
  prompt('Prompt-1', '{in}+', ['in']),
  fault('TestSleep', 'Sleep-1', 120),
  prompt('Prompt-2', '{in}+', ['in']),
  fault('TestSleep', 'Sleep-2', 120),
  chatOutput(),
);
const LONG = sleepingFlow(60_000);

const of = (type: string, told: ToldEvent[]) => told.filter((event) => event.type === type);
const nodesOf = (type: string, attempt: number, told: ToldEvent[]) =>
  of(type, told)
    .filter((event) => event.attempt === attempt)
    .map(({ data }) => data['nodeId']);
const sinceMs = (atMs: number, event: ToldEvent | undefined) => Date.parse(event?.at ?? '') - atMs;

describe('a run whose messages are lost, late or repeated', () => {
  let faulty: FaultyRing;
  beforeAll(async () => {
    faulty = await FaultyRing.start();
    await faulty.tenant.deploy('steps', STEPS);
    await faulty.tenant.deploy('long', LONG);
  });
  afterEach(() => faulty.beWell());
  afterAll(() => faulty.ring.dispose());

  const HOLE = 'an event was lost on its way';
  const NO_END = 'its end was lost on its way';
  const isFirst = ({ events }: RunEventsData) => events[0]?.n === 1;
  const isInTheMiddle = ({ events }: RunEventsData) => events.some(({ data }) => data.includes('"Prompt-2"'));

  it.each([
    ['its first events', HOLE, isFirst, 'first'],
    ['events in the middle', HOLE, isInTheMiddle, 'first'],
    ['its end', NO_END, isEnding, 'first'],
    ['all its events', NO_END, () => true, 'all'],
  ] as const)('goes on behind its log when an attempt loses %s', async (_, reason, fits, howMuch) => {
    const fencedBefore = faulty.counters.fenced;
    const loss = faulty.lose(
      reports((report) => report.attempt === 1 && fits(report)),
      howMuch,
    );
    const followed = await faulty.follow('steps');
    const { told, run } = followed;
    expect(run).toMatchObject({ status: 'succeeded', attempt: 2, output: { text: 'hi++' } });
    const [retried, ...more] = of('run.retried', told);
    expect([retried?.data, more]).toEqual([{ failedAttempt: 1, reason }, []]);
    expect(sinceMs(loss.atMs, retried)).toBeLessThan(BOUND_MS.second);
    // what came behind a hole is refused, however good
    expect(faulty.counters.fenced > fencedBefore).toBe(reason === HOLE);
    // what the log has of the first attempt is not run again, all else is
    expect([...nodesOf('node.completed', 1, told), ...nodesOf('node.started', 2, told)]).toEqual(NODES);
    await faulty.expectOrder(followed);
  });

  it('goes on within a sweep when the hint that an event is missed is lost too', async () => {
    const isMissed = reports((report) => report.attempt === 1 && isFirst(report));
    const loss = faulty.lose((message) => isMissed(message) || message.topic === TOPICS.runProgress, 'all');
    const followed = await faulty.follow('steps');
    expect(followed.run).toMatchObject({ status: 'succeeded', attempt: 2 });
    const [retried] = of('run.retried', followed.told);
    expect(retried?.data['reason']).toBe(HOLE);
    expect(sinceMs(loss.atMs, retried)).toBeLessThan(BOUND_MS.second);
    await faulty.expectOrder(followed);
  });

  it('is not tried again when its end is only late', async () => {
    faulty.delayFirst(reports(isEnding), 2_500);
    const followed = await faulty.follow('steps');
    expect(followed.run).toMatchObject({ status: 'succeeded', attempt: 1 });
    await faulty.expectOrder(followed);
  });

  it('is assigned again when its assignment is lost, and loses no attempt', async () => {
    const loss = faulty.lose(commands('assign'));
    const followed = await faulty.follow('steps');
    expect(followed.run).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(sinceMs(loss.atMs, of('run.started', followed.told)[0])).toBeLessThan(BOUND_MS.resend);
    await faulty.expectOrder(followed);
  });

  it('runs once when its assignment is late and comes twice', async () => {
    const { duplicate } = faulty.counters;
    const assignments = faulty.delayFirst(commands('assign'), 3_500);
    const followed = await faulty.follow('steps');
    expect(assignments.count).toBeGreaterThan(1);
    expect(followed.run).toMatchObject({ status: 'succeeded', attempt: 1 });
    // a second one would report the same
    expect(faulty.counters.duplicate).toBe(duplicate);
    await faulty.expectOrder(followed);
  });

  it('starts within a sweep when the hint that it is there is lost', async () => {
    const loss = faulty.lose(({ topic }) => topic === TOPICS.runTouched);
    const { told } = await faulty.follow('steps');
    expect(sinceMs(loss.atMs, of('run.started', told)[0])).toBeLessThan(BOUND_MS.second);
  });

  it.each([
    ['the hint of it', ({ topic }: BusMessage) => topic === TOPICS.runTouched],
    ['the command to stop', commands('cancel')],
  ])('is cancelled within a sweep when %s is lost', async (_, fits) => {
    let loss = { atMs: 0 };
    const followed = await faulty.follow('long', ({ type, data }, runId) => {
      if (type !== 'node.started' || data['nodeId'] !== 'Sleep-1') return;
      loss = faulty.lose(fits);
      void faulty.tenant.api.post(`/v1/runs/${runId}/cancel`);
    });
    const end = followed.told.at(-1);
    expect([end?.type, end?.data['confirmed']]).toEqual(['run.cancelled', true]);
    expect(loss.atMs).toBeGreaterThan(0);
    expect(sinceMs(loss.atMs, end)).toBeLessThan(BOUND_MS.second);
    await faulty.expectOrder(followed);
  });

  it.each([
    ['comes three times', 3, 0],
    ['is late', 1, 200],
    ['is late and comes twice', 2, 200],
  ])('ends as ever when every message %s', async (_, copies, maxDelayMs) => {
    faulty.fault = () => ({ copies, delayMs: Math.random() * maxDelayMs });
    for (const followed of await Promise.all(Array.from({ length: 6 }, () => faulty.follow('steps')))) {
      const { told, run } = followed;
      expect(run).toMatchObject({ status: 'succeeded', attempt: 1, output: { text: 'hi++' } });
      expect(nodesOf('node.started', 1, told)).toEqual(NODES);
      await faulty.expectOrder(followed);
    }
  });
});
