import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { RoadKeys } from './road-keys.ts';
import { open, seal } from './secret-envelope.ts';

interface AttemptOfRun {
  runId: string;
  attempt: number;
}

/** Seals an assignment to the executor at the end of the road, under a key of this attempt alone. */
export function sealAssignment(road: RoadKeys, attempt: AttemptOfRun, plaintext: Uint8Array): Buffer {
  return seal(keyOf(road, attempt), randomBytes(12), plaintext, aadOf(road, attempt));
}

/** Throws where it was sealed for another executor, term, run or attempt, or was changed since. */
export function openAssignment(road: RoadKeys, attempt: AttemptOfRun, sealed: Buffer): Buffer {
  try {
    return open(keyOf(road, attempt), sealed, aadOf(road, attempt));
  } catch {
    throw new Error('this was not sealed for this executor, term, run and attempt');
  }
}

function keyOf({ assignments }: RoadKeys, { runId, attempt }: AttemptOfRun): Buffer {
  const info = JSON.stringify(['hg-assignment-v1', runId, attempt]);
  return Buffer.from(hkdfSync('sha256', createSecretKey(assignments), Buffer.alloc(0), info, 32));
}

function aadOf({ executorId, term }: RoadKeys, { runId, attempt }: AttemptOfRun): string {
  return JSON.stringify(['hg-assignment-v1', executorId, term, runId, attempt]);
}
