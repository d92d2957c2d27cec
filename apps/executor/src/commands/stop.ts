import type { ErrorCode } from '#libs/kernel';
import { BlobUnavailable } from '../blobs/granted-blobs.ts';
import { BadEvent } from '../events/bad-event.ts';
import { LimitExceeded } from '../events/staging.ts';

/** Why a run is being stopped before its end. */
export type Stop =
  | { as: 'cancelled' }
  | { as: 'timed_out' }
  | { as: 'unserved' }
  | { as: 'failed'; code: ErrorCode; detail: string };

/** How a run stops for what it reported. */
export function stopOf(cause: unknown): Stop {
  if (cause instanceof BlobUnavailable) return { as: 'unserved' };
  if (cause instanceof LimitExceeded)
    return { as: 'failed', code: 'run.limit_exceeded', detail: cause.message };
  if (cause instanceof BadEvent)
    return {
      as: 'failed',
      code: 'run.bad_event',
      detail: `The run produced what cannot be recorded: ${cause.message}.`,
    };
  const detail = `What the run produced could not be reported: ${(cause as Error).message}.`;
  return { as: 'failed', code: 'internal', detail };
}
