import { type BusMessage, PROGRESS_MOVED, RunProgress, type RunProgressData } from '#libs/contracts';
import { DEFAULTS, isTerminalEvent } from '#libs/domain';
import type { Append, Appended } from './append.ts';

/**
 * The hint that follows a commit, also one of duplicates: without it a waiter or the conductor could wait for what is
 * long there. Events stand in it where they are small.
 */
export function progressOf(append: Append, appended: readonly Appended[]): BusMessage {
  const events: RunProgressData['events'] = [];
  let characters = 0;
  let { attempt } = append;
  let lastSeq = 0;
  let hasEnded = false;
  let hasFenced = false;
  append.events.forEach(({ type, data }, index) => {
    const result = appended[index];
    if (!result || result.outcome === 'fenced') {
      hasFenced = true;
      return;
    }
    hasEnded ||= isTerminalEvent(type);
    if (result.outcome === 'duplicate') return;
    attempt = result.attempt;
    lastSeq = result.seq;
    characters += data.length;
    events.push({
      seq: result.seq,
      type,
      text: eventText(attempt, type, data, result.seq, result.at),
    });
  });
  const moved = hasEnded ? PROGRESS_MOVED.ended : hasFenced ? PROGRESS_MOVED.fenced : '';
  return RunProgress.encode(
    append.organizationId,
    {
      runId: append.runId,
      attempt,
      lastSeq,
      events: characters <= DEFAULTS.progressInlineBytes ? events : [],
    },
    { moved, attempt: String(attempt), organization: append.organizationId },
  );
}

/** An event as clients get it, made of the text that the log holds. */
export function eventText(attempt: number, type: string, data: string, seq: number, at: Date): string {
  return `{"seq":${seq},"attempt":${attempt},"type":"${type}","at":"${at.toISOString()}","data":${data}}`;
}
