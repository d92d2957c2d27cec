import { describe, expect, it } from '@jest/globals';
import { isUuid, newId } from '#libs/kernel';
import { ConductorProbe } from './conductor-probe.contract.ts';
import type { Contract } from './contract.ts';
import { ControlChanged } from './control-changed.contract.ts';
import { ExecutorCommand } from './executor-command.contract.ts';
import { ExecutorStatus } from './executor-status.contract.ts';
import { RunEvents } from './run-event.contract.ts';
import { RunProgress } from './run-progress.contract.ts';
import { RunSpans } from './run-span.contract.ts';
import { RunTouched } from './run-touched.contract.ts';
import { STATUS_PARTITION, TOPICS } from './topics.ts';

const RUN = newId();
const EXECUTOR = newId();

interface Sample {
  contract: Contract<unknown>;
  topic: string;
  key: string;
  data: Record<string, unknown>;
}

/** One good message of each contract, for the tests only: a contract takes its own data and no other's. */
function sample<Data>(
  contract: Contract<Data>,
  topic: string,
  key: string,
  data: Record<string, unknown>,
): [string, Sample] {
  // the tests give each contract what its own schema has just been shown to take
  return [contract.type, { contract: contract as Contract<unknown>, topic, key, data }];
}

const SAMPLES: [string, Sample][] = [
  sample(RunTouched, 'hg.run.touched.v1', RUN, {
    runId: RUN,
    projectId: 'p1',
    deploymentId: 'd1',
    what: 'requested',
  }),
  sample(ExecutorCommand, 'hg.executor.command.v1', EXECUTOR, {
    kind: 'roll-call',
    executorId: EXECUTOR,
    attempts: [{ runId: RUN, attempt: 1 }],
  }),
  sample(ExecutorStatus, 'hg.executor.status.v1', EXECUTOR, {
    executorId: EXECUTOR,
    maxRunners: 4,
    slotsPerRunner: 32,
    warm: { o1: 30 },
    held: [{ organizationId: 'o1', runId: RUN, attempt: 1 }],
    done: [{ organizationId: 'o1', runId: RUN, attempt: 2, outcome: 'returned' }],
    eventOffsets: { 3: 17 },
    isDraining: false,
    isParked: false,
    pulse: 1,
    term: 3,
  }),
  sample(RunEvents, 'hg.run.event.v1', RUN, {
    runId: RUN,
    attempt: 1,
    executorId: EXECUTOR,
    runToken: 'token',
    events: [{ n: 1, type: 'run.started', elapsedMs: 0, data: '{"a":"\\u0000"}' }],
  }),
  sample(RunSpans, 'hg.run.span.v1', RUN, {
    runId: RUN,
    attempt: 1,
    executorId: EXECUTOR,
    runToken: 'token',
    part: 0,
    queueMs: 3,
    placementMs: 1.5,
    dropped: 0,
    spans: [
      {
        number: 3,
        parent: 0,
        kind: 'node',
        name: 'node.run',
        startedMs: 0.5,
        durationMs: 2,
        status: 'ok',
        attributes: { a: 1 },
      },
    ],
  }),
  sample(RunProgress, 'hg.run.progress.v1', RUN, {
    runId: RUN,
    attempt: 1,
    lastSeq: 2,
    events: [{ seq: 2, type: 'run.started', text: '{}' }],
  }),
  sample(ControlChanged, 'hg.control.changed.v1', 'o1', { organizationId: 'o1', what: 'key', id: 'k1' }),
];

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value), 'utf8');

describe.each(SAMPLES)('the contract %s', (type, { contract, topic, key, data }) => {
  it('gives back what was put in, within its envelope', () => {
    const message = contract.encode('o1', data, { traceparent: 't' });
    expect(message).toMatchObject({ topic, key, headers: { traceparent: 't' } });
    expect(message.partition).toBe(topic === TOPICS.executorStatus ? STATUS_PARTITION : undefined);
    const envelope = contract.decode(message.value);
    expect(envelope).toMatchObject({ type, orgId: 'o1', data });
    expect(isUuid(envelope.id)).toBe(true);
    expect(new Date(envelope.occurredAt).toISOString()).toBe(envelope.occurredAt);
  });

  it('takes a message of no organization, and one with members that it does not know', () => {
    const { value } = contract.encode(null, data);
    const outer = JSON.parse(value.toString()) as object; // an envelope that we have just made
    const envelope = contract.decode(bytesOf({ ...outer, later: 1, data: { ...data, later: 1 } }));
    expect(envelope.orgId).toBeNull();
    expect(envelope.data).not.toHaveProperty('later');
  });

  it('reads bytes that stand within a larger buffer', () => {
    const { value } = contract.encode('o1', data);
    const within = Buffer.concat([Buffer.from('xx'), value, Buffer.from('yy')]).subarray(2, 2 + value.length);
    expect(contract.decode(new Uint8Array(within.buffer, within.byteOffset, within.length)).data).toEqual(
      data,
    );
  });

  it.each(Object.keys(data).map((name) => [name] as const))('refuses a message without its %s', (name) => {
    const { [name]: _gone, ...rest } = data;
    const outer = JSON.parse(contract.encode('o1', data).value.toString()) as object; // as above
    expect(() => contract.decode(bytesOf({ ...outer, data: rest }))).toThrow();
    expect(() => contract.decode(bytesOf({ ...outer, data: { ...rest, [name]: null } }))).toThrow();
  });

  it.each([
    ['another type', { type: 'another' }],
    ['no data', { data: undefined }],
    ['no id', { id: undefined }],
    ['no organization named', { orgId: undefined }],
  ])('refuses an envelope with %s', (_what, flaw) => {
    const outer = JSON.parse(contract.encode('o1', data).value.toString()) as object; // as above
    expect(() => contract.decode(bytesOf({ ...outer, ...flaw }))).toThrow();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['what is no JSON', Buffer.from([0xff, 0, 1])],
    ['half a message', contract.encode('o1', data).value.subarray(0, -2)],
    ['a text', Buffer.from('"text"')],
  ])('refuses %s', (_what, bytes) => {
    expect(() => contract.decode(bytes)).toThrow();
  });

  it('refuses the messages of the others', () => {
    for (const [other, { contract: its, data: itsData }] of SAMPLES)
      if (other !== type) expect(() => contract.decode(its.encode('o1', itsData).value)).toThrow();
  });
});

describe('the topics', () => {
  it('are one for each contract, and one for what is dead', () => {
    const used = SAMPLES.map(([, { contract }]) => contract.topic);
    expect(new Set(used).size).toBe(used.length);
    expect([...used, 'hg.dead.v1'].toSorted()).toEqual(Object.values(TOPICS).toSorted());
  });

  it('hold the probe of a conductor in one order with what executors say', () => {
    const { topic, partition } = ConductorProbe.encode(null, { nonce: 'n' });
    expect([topic, partition]).toEqual([ExecutorStatus.topic, STATUS_PARTITION]);
  });
});
