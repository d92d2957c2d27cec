import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type BusMessage, TOPICS } from '#libs/contracts';
import {
  ATTRIBUTES,
  forRun,
  isSampled,
  isTracing,
  linksTo,
  readTraceparent,
  rememberHop,
  runOfTrace,
  startRoot,
  startRunSpan,
  TRACEPARENT,
  traceparentOf,
} from '#libs/telemetry';
import type { Delivery, Outcome, Place } from './delivery.ts';

/** Topics whose traced messages are each about one run, in its trace. */
const OF_RUNS: ReadonlySet<string> = new Set([
  TOPICS.runTouched,
  TOPICS.executorCommand,
  TOPICS.runEvent,
  TOPICS.runProgress,
]);

/** Sends messages, each with the trace that it is part of: its run's, or that of who changed something. */
export function publishing(
  messages: readonly BusMessage[],
  send: (messages: readonly BusMessage[]) => Promise<Place[]>,
): Promise<Place[]> {
  return isTracing() ? sendTraced(messages, send) : send(messages);
}

async function sendTraced(
  messages: readonly BusMessage[],
  send: (messages: readonly BusMessage[]) => Promise<Place[]>,
): Promise<Place[]> {
  const spans: Span[] = [];
  try {
    return await send(
      messages.map((message) => {
        // who sends for something that goes on for longer has said so itself
        if (message.headers[TRACEPARENT] !== undefined) return message;
        const span = message.runId === undefined ? undefined : startSend(message.topic, message.runId);
        if (span) spans.push(span);
        const within = (
          span ?? (message.topic === TOPICS.controlChanged ? trace.getActiveSpan() : undefined)
        )?.spanContext();
        if (!within) return message;
        return { ...message, headers: { ...message.headers, [TRACEPARENT]: traceparentOf(within) } };
      }),
    );
  } catch (cause) {
    for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR });
    throw cause;
  } finally {
    for (const span of spans) span.end();
  }
}

function startSend(topic: string, runId: string): Span {
  return startRunSpan(`send ${topic}`, runId, {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      [ATTRIBUTES.run]: runId,
    },
  });
}

/** Handles one delivery as `consuming` does many. */
export async function consumingOne(
  delivery: Delivery,
  handle: (delivery: Delivery) => Promise<Outcome> | Outcome,
): Promise<Outcome> {
  if (!isTracing()) return handle(delivery);
  const [outcome] = await consuming([delivery], async () => [await handle(delivery)]);
  return outcome as Outcome; // as many as there were deliveries
}

/** Handles deliveries, each within a root of the trace that it is part of, with a link to who sent it. */
export async function consuming(
  deliveries: readonly Delivery[],
  handle: () => Promise<Outcome[]>,
): Promise<Outcome[]> {
  if (!isTracing()) return handle();
  const spans = deliveries.map((delivery) => startProcess(delivery));
  const index = spans.findIndex((span) => span !== undefined);
  const [first, topic] = [spans[index], deliveries[index]?.topic ?? ''];
  // what happens for many happens in the trace of the first; whoever woke the reader has nothing to do with it
  const within = first ? trace.setSpan(ROOT_CONTEXT, first) : ROOT_CONTEXT;
  const scoped =
    first && OF_RUNS.has(topic) ? forRun(within, runOfTrace(first.spanContext().traceId)) : within;
  let outcomes: Outcome[] = [];
  try {
    outcomes = await context.with(scoped, handle);
    return outcomes;
  } finally {
    for (const [at, span] of spans.entries()) {
      const outcome = outcomes[at]?.kind ?? 'retry';
      span?.setAttribute(ATTRIBUTES.outcome, outcome);
      if (outcome === 'retry' || outcome === 'dead') span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
    }
  }
}

function startProcess({ topic, partition, offset, headers }: Delivery): Span | undefined {
  const sent = readTraceparent(headers[TRACEPARENT]);
  if (!sent || !isSampled(sent)) return undefined;
  const span = startRoot(`process ${topic}`, sent.traceId, {
    kind: SpanKind.CONSUMER,
    links: linksTo(sent),
    attributes: {
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': offset,
      ...(OF_RUNS.has(topic) && { [ATTRIBUTES.run]: runOfTrace(sent.traceId) }),
    },
  });
  // nothing follows from progress: it is where a run's way ends
  if (topic !== TOPICS.runProgress) rememberHop(span.spanContext());
  return span;
}
