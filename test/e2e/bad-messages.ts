import {
  type BusMessage,
  type Contract,
  ControlChanged,
  commandTo,
  type ExecutorCommandData,
  ExecutorStatus,
  type ExecutorStatusData,
  PROGRESS_MOVED,
  RunEvents,
  type RunEventsData,
  RunSpans,
  RunTouched,
  TOPICS,
  type Topic,
} from '#libs/contracts';
import { newId } from '#libs/kernel';
import type { QuietRing, Running } from './quiet-ring.ts';

/** Larger than what a broker takes. */
const OVERSIZE_BYTES = 1024 * 1024;

type Misfit = readonly [topic: Topic, what: string, kept: boolean, make: Make];
type Make = (ring: QuietRing, topic: Topic) => BusMessage;

const changed =
  (change: (text: string) => string): Make =>
  (ring, topic) => {
    const message = ring.sample(topic);
    return { ...message, value: Buffer.from(change(message.value.toString('utf8'))) };
  };

/** What no reader of a topic can read. */
export const UNREADABLE: Readonly<Record<string, Make>> = {
  'is no JSON': (ring, topic) => ({ ...ring.sample(topic), value: Buffer.from([0xff, 0, 1]) }),
  'is half of one': changed((text) => text.slice(0, -9)),
  'has another schema': changed((text) => JSON.stringify({ ...JSON.parse(text), data: {} })),
  'is of another kind': changed((text) => text.replace('"type":"', '"type":"no.')),
  'is larger than any': (ring, topic) => ({
    ...ring.sample(topic),
    value: Buffer.alloc(OVERSIZE_BYTES, 'x'),
  }),
};

const hinted =
  (what: 'requested' | 'cancel', change: Partial<Running>): Make =>
  ({ running }) => {
    const { organizationId, ...run } = { ...running, ...change };
    return RunTouched.encode(organizationId, { ...run, what });
  };
const commanded =
  (make: (ring: QuietRing) => object, orgId?: string): Make =>
  (ring) => {
    // what is missing is given here; what does not fit is what is tested
    const command = { executorId: ring.executorId, ...make(ring) } as ExecutorCommandData;
    return ring.conductorSays(commandTo(orgId ?? ring.running.organizationId, command, 1));
  };
const said =
  (make: (ring: QuietRing) => Partial<ExecutorStatusData>): Make =>
  (ring) =>
    ring.executorSays(ExecutorStatus.encode(null, { ...ring.status, ...make(ring) }));
/** With what an executor shows that it may report of an attempt. */
type Shown = Pick<RunEventsData, 'runId' | 'attempt' | 'executorId' | 'runToken'>;
const reported =
  <Data extends Shown>(contract: Contract<Data>, change: Partial<Shown>, organizationId?: string): Make =>
  (ring) => {
    const { orgId, data } = contract.decode(ring.sample(contract.topic).value);
    return contract.encode(organizationId ?? orgId, { ...data, ...change });
  };
const moved =
  (how: keyof typeof PROGRESS_MOVED, change: Partial<Running & { attempt: number }>): Make =>
  (ring) => {
    const { runId, organizationId, attempt } = { ...ring.running, attempt: 1, ...change };
    const headers = { moved: PROGRESS_MOVED[how], attempt: String(attempt), organization: organizationId };
    return { ...ring.sample(TOPICS.runProgress), key: runId, headers };
  };
const stranger = newId();
const lost = (key: Partial<ExecutorStatusData['done'][number]>) =>
  said(({ running: { organizationId, runId }, status }) => ({
    held: status.held,
    done: [{ organizationId, runId, attempt: 1, outcome: 'lost', ...key }],
  }));

const unshown = <Data extends Shown>(contract: Contract<Data>, topic: Topic): Misfit[] => [
  [topic, 'of another run', true, reported(contract, { runId: stranger })],
  [topic, 'of another attempt', true, reported(contract, { attempt: 2 })],
  [topic, 'of another executor', true, reported(contract, { executorId: stranger })],
  [topic, 'of another token', true, reported(contract, { runToken: 'token' })],
  [topic, 'of another organization', true, reported(contract, {}, stranger)],
];

/** What can be read and does not fit what there is, by topic; what is wrong in it and no hint is kept. */
export const MISFITS: readonly Misfit[] = [
  [TOPICS.runTouched, 'of a run that there is not', false, hinted('requested', { runId: stranger })],
  [TOPICS.runTouched, 'of a run that is under way', false, hinted('requested', {})],
  [TOPICS.runTouched, 'of another organization', false, hinted('requested', { organizationId: stranger })],
  [
    TOPICS.runTouched,
    'of a cancel in another organization',
    false,
    hinted('cancel', { organizationId: stranger }),
  ],
  [TOPICS.runTouched, 'of a run that is no id', true, hinted('requested', { runId: 'r' })],

  [
    TOPICS.executorCommand,
    'of a run that there is not',
    false,
    commanded(() => ({ kind: 'cancel', runId: stranger, attempt: 1 })),
  ],
  [
    TOPICS.executorCommand,
    'of an attempt that there is not',
    false,
    commanded(({ running: { runId } }) => ({ kind: 'cancel', runId, attempt: 2 })),
  ],
  [
    TOPICS.executorCommand,
    'of a record that there is not',
    false,
    commanded(({ running: { runId } }) => ({ kind: 'recorded', attempts: [{ runId, attempt: 1 }] })),
  ],
  [
    TOPICS.executorCommand,
    'of what was not sealed for it',
    true,
    commanded(({ running: { runId } }) => ({ kind: 'assign', runId, attempt: 2, sealed: 'AAAA' })),
  ],

  [TOPICS.executorStatus, 'of a run that there is not', false, lost({ runId: stranger })],
  [TOPICS.executorStatus, 'of an attempt that there is not', false, lost({ attempt: 2 })],
  [TOPICS.executorStatus, 'of another executor', true, said(() => ({ executorId: stranger }))],

  ...unshown(RunEvents, TOPICS.runEvent),
  ...unshown(RunSpans, TOPICS.runSpan),

  [TOPICS.runProgress, 'of the end of a run that there is not', false, moved('ended', { runId: stranger })],
  [TOPICS.runProgress, 'of an end that the log does not have', false, moved('ended', {})],
  [TOPICS.runProgress, 'of the end of an attempt that there is not', false, moved('ended', { attempt: 2 })],
  [TOPICS.runProgress, 'of a fence that there is not', false, moved('fenced', {})],
  [
    TOPICS.runProgress,
    'of a fence in another organization',
    false,
    moved('fenced', { organizationId: stranger }),
  ],

  [
    TOPICS.controlChanged,
    'of an organization that there is not',
    false,
    () => ControlChanged.encode(null, { organizationId: stranger, what: 'variable', id: stranger }),
  ],
];
