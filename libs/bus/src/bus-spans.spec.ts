import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type BusMessage, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { startRoot, TRACEPARENT, traceOfRun, withSpan } from '#libs/telemetry';
import { type OtlpReceiver, traceInProcess } from '#libs/testing';
import { type Delivery, DONE, type Outcome, oneByOne, type Subscription } from './bus.ts';
import { consuming } from './bus-spans.ts';
import { EmbeddedBus } from './embedded-bus.ts';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const SENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

describe('on its way over the bus', () => {
  let receiver: OtlpReceiver & { end(): Promise<void> };
  let bus: EmbeddedBus;
  beforeAll(async () => {
    receiver = await traceInProcess();
    bus = new EmbeddedBus({ partitions: 1 });
  });
  afterAll(async () => {
    await bus.close();
    await receiver.end();
  });

  const message = (topic: string, more: Partial<BusMessage> = {}): BusMessage => ({
    topic,
    key: 'key',
    headers: {},
    value: Buffer.from('x'),
    ...more,
  });
  /** Sends, and gives what a reader got, once it has handled it. */
  const send = async (
    sent: BusMessage[],
    handle: Subscription['handle'] = async (all) => all.map(() => DONE),
  ) => {
    const got: Delivery[] = [];
    const done = Promise.withResolvers<Delivery[]>();
    const topic = (sent[0]?.topic ?? '') as Subscription['topic'];
    const reading = await bus.subscribe({
      reader: 'test',
      topic,
      group: 'alone',
      handle: async (deliveries) => {
        const outcomes = await handle(deliveries);
        got.push(...deliveries);
        if (got.length >= sent.length) done.resolve(got);
        return outcomes;
      },
    });
    await bus.publish(sent);
    await done.promise;
    await reading.stop();
    return got;
  };
  const delivery = (headers: Delivery['headers'], topic: Delivery['topic'] = TOPICS.runEvent): Delivery => ({
    topic,
    key: 'key',
    headers,
    value: Buffer.alloc(0),
    partition: 0,
    offset: 0,
    sentAtMs: 0,
  });
  const active = () => trace.getSpanContext(context.active());
  const spansOf = (traceId: string) => receiver.trace(traceId, [`process ${TOPICS.runEvent}`]);

  it('a message about a run is in the trace of that run, whoever’s work it is sent with', async () => {
    const [one, other] = [newId(), newId()];
    const [first, second] = await withSpan('other.work', {}, () =>
      send([one, other].map((runId) => message(TOPICS.runTouched, { runId }))),
    );
    expect(first?.headers[TRACEPARENT]?.slice(3, 35)).toBe(traceOfRun(one));
    expect(second?.headers[TRACEPARENT]?.slice(3, 35)).toBe(traceOfRun(other));
  });

  it('a message that says where it belongs is let be', async () => {
    const [got] = await send([
      message(TOPICS.runEvent, { runId: newId(), headers: { [TRACEPARENT]: SENT } }),
    ]);
    expect(got?.headers[TRACEPARENT]).toBe(SENT);
  });

  it('what was changed has the trace of who changed it; else what is about no run has none', async () => {
    const work = startRoot('work', traceOfRun(newId()));
    await context.with(trace.setSpan(ROOT_CONTEXT, work), async () => {
      const [changed] = await send([message(TOPICS.controlChanged)]);
      const [rollCall] = await send([message(TOPICS.executorCommand)]);
      expect(changed?.headers[TRACEPARENT]).toContain(work.spanContext().spanId);
      expect(rollCall?.headers).toEqual({});
    });
  });

  it('a reader has nothing to do with the work of who woke it', async () => {
    const seen: unknown[] = [];
    const look = oneByOne(() => {
      seen.push(active());
      return DONE;
    });
    await withSpan('work', {}, () => send([message(TOPICS.executorStatus)], look));
    expect(seen).toEqual([undefined]);
  });

  it.each([
    ['a trace of no form', 'anything'],
    ['one that nobody keeps', SENT.replace(/01$/, '00')],
  ])('a message with %s is handled without a span', async (_what, header) => {
    const seen: unknown[] = [];
    const outcomes = await consuming([delivery({ [TRACEPARENT]: header })], async () => {
      seen.push(active());
      return [DONE];
    });
    expect([seen, outcomes]).toEqual([[undefined], [DONE]]);
  });

  it('each message of a batch has a span in its own trace, and what is done for all is the first one’s', async () => {
    const [one, other] = [traceOfRun(newId()), traceOfRun(newId())];
    const batch = [one, other].map((traceId) =>
      delivery({ [TRACEPARENT]: `00-${traceId}-${CALLER.spanId}-01` }),
    );
    let within: string | undefined;
    await consuming([delivery({}), ...batch], async () => {
      within = active()?.traceId;
      return batch.map(() => DONE);
    });
    expect(within).toBe(one);
    for (const traceId of [one, other]) {
      const links = [{ traceId, spanId: CALLER.spanId }];
      expect(await spansOf(traceId)).toMatchObject([{ parentId: '', kind: 5, links }]);
    }
  });

  it.each<[string, () => Outcome, string, boolean]>([
    ['done', () => DONE, 'done', false],
    ['skipped', () => ({ kind: 'skip', reason: 'known' }), 'skip', false],
    ['dead', () => ({ kind: 'dead', reason: 'no' }), 'dead', true],
    [
      'thrown at',
      () => {
        throw new Error('no');
      },
      'retry',
      true,
    ],
  ])('a message that is %s says so, and no more', async (_how, handle, outcome, isError) => {
    const traceId = traceOfRun(newId());
    const one = delivery({ [TRACEPARENT]: `00-${traceId}-${CALLER.spanId}-01` });
    await consuming([one], async () => [handle()]).catch(() => undefined);
    const [span] = await spansOf(traceId);
    expect(span).toMatchObject({ isError, attributes: { 'headgate.outcome': outcome } });
  });
});
