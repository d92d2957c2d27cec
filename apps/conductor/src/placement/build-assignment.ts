import { type BlobStore, contentKey, stagingPrefix } from '#libs/blobs';
import type { Assignment } from '#libs/contracts';
import { checkpointKey, runToken } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import type { Checkpoint, ClaimedRun } from '../queue/queue.store.ts';
import type { Keyring } from './keyring.ts';
import type { ReleaseCache } from './release-cache.ts';

export interface AssignmentParts {
  cellKey: Uint8Array;
  keyring: Keyring;
  releases: ReleaseCache;
  blobs: BlobStore;
}

/** A run waits for a seat, and after its time it is still given a moment to stop. */
export const GRANT_MARGIN_SECONDS = 3_600;

/** Each completed node leaves its result and a sealed copy of it. */
const STATE_BYTES = 16 * DEFAULTS.outputBytes;

/** The snapshot that an executor gets of a run: all that it will ever be told. */
export function buildAssignment(
  run: ClaimedRun,
  checkpoints: readonly Checkpoint[],
  { cellKey, keyring, releases, blobs }: AssignmentParts,
): Omit<Assignment, 'claimedForMs'> {
  const { organizationId, runId, attempt, executorId } = run;
  const version = releases.version(run.versionId);
  const grantSeconds = run.timeoutSeconds + GRANT_MARGIN_SECONDS;
  const urlOf = (hash: string) => blobs.grantGet(contentKey(organizationId, hash), grantSeconds);
  return {
    organizationId,
    runId,
    attempt,
    deploymentId: run.deploymentId,
    versionId: run.versionId,
    contentHash: version.contentHash,
    engine: 'native',
    plan: { hash: version.planHash, url: urlOf(version.planHash) },
    sessionId: run.sessionId,
    input: inputOf(run, urlOf),
    ...releases.variablesOf(run),
    isAlone: run.failures > 0,
    timeoutMs: run.timeoutSeconds * 1000,
    queueMs: Math.max(0, run.queueMs),
    spent: { inputTokens: run.inputTokens, outputTokens: run.outputTokens },
    checkpointKey: checkpointKey(keyring.key(organizationId, run.kekId), runId).toString('base64'),
    checkpoints: checkpoints.map(({ nodeId, iteration, sealed, blobHash }) => ({
      nodeId,
      iteration,
      ...(sealed !== null && { sealed }),
      ...(blobHash !== null && { url: urlOf(blobHash) }),
    })),
    staging: {
      ...blobs.grantPut(stagingPrefix(runId, attempt), DEFAULTS.outputBytes, grantSeconds),
      stateBytes: STATE_BYTES,
    },
    runToken: runToken(cellKey, { organizationId, runId, attempt, executorId }),
  };
}

function inputOf({ input, inputHash }: ClaimedRun, urlOf: (hash: string) => string): Assignment['input'] {
  if (inputHash !== null) return { url: urlOf(inputHash), hash: inputHash };
  return input === null ? {} : { json: input };
}
