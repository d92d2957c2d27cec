import { KafkaPublisher, type KafkaRole } from '#libs/bus';
import { type BusMessage, RunEvents, TOPICS } from '#libs/contracts';
import { isTerminalEvent } from '#libs/domain';
import { EventStream } from '#libs/http';
import { type Append, RunAcceptor } from '#libs/runs';
import { LeaseStore } from '../../../apps/conductor/src/leases/lease.store.ts';
import { Leases } from '../../../apps/conductor/src/leases/leases.ts';
import { Dispatch } from '../../../apps/conductor/src/placement/dispatch.ts';
import { QueueStore } from '../../../apps/conductor/src/queue/queue.store.ts';
import { AssignedRun } from '../../../apps/executor/src/commands/assigned-run.ts';
import { CommandConsumer } from '../../../apps/executor/src/commands/command.consumer.ts';
import { EventOutbox } from '../../../apps/executor/src/events/event-outbox.ts';
import { CreateRunAction } from '../../../apps/gateway/src/runs/create-run.action.ts';
import { EventConsumer } from '../../../apps/recorder/src/events/event.consumer.ts';
import { EventStore } from '../../../apps/recorder/src/events/event.store.ts';

/** A place in the product where a process can be stopped dead with work in hand. */
export interface Failpoint {
  /** Whose processes come there. */
  role: KafkaRole;
  /** Who is hit when one is there: itself, unless it is the broker. */
  hits?: 'broker';
  /** A product's class and its method; `within`: while what it has begun is under way. */
  of: { prototype: object };
  method: string;
  when: 'before' | 'within' | 'after';
  /** Which calls count; all, where it does not say. */
  isMeant?: (given: readonly unknown[], result: unknown) => boolean;
  /** It goes on so long before it is hit, so that what it has handed over leaves. */
  lingerMs?: number;
  /** Without this nobody soon comes there. */
  needs?: 'an executor ends' | 'a leader dies';
}

const hasFirst = ([list]: readonly unknown[]) => (list as readonly unknown[]).length > 0;
const takesAway = ([append]: readonly unknown[]) =>
  (append as Append).events.some(({ type }) => type === 'run.retried');
const isOf =
  (topic: string) =>
  ([messages]: readonly unknown[]) =>
    (messages as readonly BusMessage[]).some((message) => message.topic.endsWith(topic));

export const FAILPOINTS = {
  'gateway: a run is not yet committed': {
    role: 'gateway',
    of: RunAcceptor,
    method: 'acceptTogether',
    when: 'before',
  },
  'gateway: a run is committed and not hinted at': {
    role: 'gateway',
    of: RunAcceptor,
    method: 'acceptTogether',
    when: 'after',
  },
  'gateway: a run is hinted at and not answered': {
    role: 'gateway',
    of: CreateRunAction,
    method: 'accept',
    when: 'after',
    lingerMs: 50,
  },
  'gateway: in the middle of a stream': {
    role: 'gateway',
    of: EventStream,
    method: 'event',
    when: 'after',
    isMeant: ([, , id]) => id === 2,
  },
  'conductor: a claim is not yet committed': {
    role: 'conductor',
    of: QueueStore,
    method: 'claim',
    when: 'before',
    isMeant: hasFirst,
  },
  'conductor: a claim is committed and not sent': {
    role: 'conductor',
    of: QueueStore,
    method: 'claim',
    when: 'after',
    isMeant: (_, claimed) => hasFirst([claimed]),
  },
  'conductor: a command is sent and not counted': {
    role: 'conductor',
    of: Dispatch,
    method: 'sendSealed',
    when: 'after',
    isMeant: hasFirst,
  },
  'conductor: an attempt is not yet taken away': {
    role: 'conductor',
    of: LeaseStore,
    method: 'append',
    when: 'before',
    isMeant: takesAway,
    needs: 'an executor ends',
  },
  'conductor: an attempt is taken away and nobody told': {
    role: 'conductor',
    of: LeaseStore,
    method: 'append',
    when: 'after',
    isMeant: takesAway,
    needs: 'an executor ends',
  },
  'conductor: in the middle of a take-over': {
    role: 'conductor',
    of: Leases,
    method: 'adoptAll',
    when: 'after',
    needs: 'a leader dies',
  },
  'executor: an assignment is taken and not begun': {
    role: 'executor',
    of: CommandConsumer,
    method: 'begin',
    when: 'before',
  },
  'executor: an event is under way to the bus': {
    role: 'executor',
    of: EventOutbox,
    method: 'publish',
    when: 'within',
    lingerMs: 1,
  },
  'executor: a node is completed': {
    role: 'executor',
    of: AssignedRun,
    method: 'frame',
    when: 'after',
    isMeant: ([frame]) => (frame as { kind: string }).kind === 'checkpoint',
  },
  'executor: an end is sent and not recorded': {
    role: 'executor',
    of: EventOutbox,
    method: 'publish',
    when: 'after',
    isMeant: ([messages]) => (messages as readonly BusMessage[]).some(hasEnd),
  },
  'executor: in the middle of a drain': {
    role: 'executor',
    of: CommandConsumer,
    method: 'drain',
    when: 'after',
    needs: 'an executor ends',
  },
  'recorder: a batch is not yet committed': {
    role: 'recorder',
    of: EventStore,
    method: 'append',
    when: 'before',
    isMeant: hasFirst,
  },
  'recorder: a batch is committed and nobody told': {
    role: 'recorder',
    of: EventStore,
    method: 'append',
    when: 'after',
    isMeant: hasFirst,
  },
  'recorder: progress is told and the offset not kept': {
    role: 'recorder',
    of: EventConsumer,
    method: 'handle',
    when: 'after',
    lingerMs: 20,
  },
  'broker: a command is sent': {
    role: 'conductor',
    hits: 'broker',
    of: KafkaPublisher,
    method: 'request',
    when: 'before',
    isMeant: isOf(TOPICS.executorCommand),
  },
  'broker: an event is sent': {
    role: 'executor',
    hits: 'broker',
    of: KafkaPublisher,
    method: 'request',
    when: 'before',
    isMeant: isOf(TOPICS.runEvent),
  },
} as const satisfies Readonly<Record<string, Failpoint>>;

export type FailpointName = keyof typeof FAILPOINTS;

function hasEnd({ value }: BusMessage): boolean {
  return RunEvents.decode(value).data.events.some(({ type }) => isTerminalEvent(type));
}
