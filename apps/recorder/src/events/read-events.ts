import { RUN_EVENT_DATA, type RunEventData, type RunEventsData } from '#libs/contracts';
import { isTerminalEvent } from '#libs/domain';
import { flawOfJson } from '#libs/kernel';
import type { Append, AppendEvent } from '#libs/runs';

/** What an executor with a valid token sent, and yet cannot be: the run is ended for it. */
export class PoisonedRun extends Error {}

/** Reads a message's events into what is appended: with results, messages and usage taken out of them. */
export function readEvents(organizationId: string, message: RunEventsData): Append {
  const { runId, attempt, events } = message;
  return { organizationId, runId, attempt, from: 'owner', events: events.map(readEvent) };
}

function readEvent({
  n,
  type,
  elapsedMs,
  data: text,
  checkpoint,
}: RunEventsData['events'][number]): AppendEvent {
  const data = parse(type, text);
  const event: AppendEvent = { n, type, elapsedMs, data: text };
  if (checkpoint) {
    const { nodeId, iteration, sealed, staged } = checkpoint;
    event.checkpoint = {
      nodeId,
      iteration,
      sealed: sealed === undefined ? null : Buffer.from(sealed, 'base64'),
      blobHash: staged?.hash ?? null,
    };
  }
  if (isTerminalEvent(type)) event.end = endOf(data as EndData);
  if (type === 'message.added') {
    const {
      messageId,
      nodeId,
      role,
      text: words,
      state,
      files,
      blob,
    } = data as RunEventData<'message.added'>;
    if (state === 'complete') {
      event.message = {
        id: messageId,
        nodeId,
        role,
        text: JSON.stringify(words),
        files: JSON.stringify(files),
        blobHash: blob?.hash ?? null,
      };
    }
  }
  if (type === 'usage') event.usage = data as RunEventData<'usage'>;
  return event;
}

type EndData = { output?: unknown; error?: unknown; usage?: unknown };

function endOf({ output, error, usage }: EndData): NonNullable<AppendEvent['end']> {
  const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  return { output: text(output), error: text(error), usage: text(usage) };
}

function parse(type: keyof typeof RUN_EVENT_DATA, text: string): unknown {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new PoisonedRun(`the data of ${type} is not JSON`);
  }
  const flaw = flawOfJson(given);
  if (flaw !== undefined) throw new PoisonedRun(`the data of ${type} cannot be kept: ${flaw}`);
  const parsed = RUN_EVENT_DATA[type].safeParse(given);
  if (!parsed.success) throw new PoisonedRun(`the data of ${type} does not fit its schema`);
  return parsed.data;
}
