import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { open, seal } from './secret-envelope.ts';
import { isSameHash } from './token.ts';

/** One attempt of a run on one executor. */
export interface AttemptName {
  organizationId: string;
  runId: string;
  attempt: number;
  executorId: string;
}

/** What every event of an attempt carries, so that nobody else can write for it. */
export function runToken(cellKey: Uint8Array, name: AttemptName): string {
  return macOf(cellKey, name).toString('base64url');
}

export function isRunToken(cellKey: Uint8Array, name: AttemptName, token: string): boolean {
  return isSameHash(macOf(cellKey, name), Buffer.from(token, 'base64url'));
}

function macOf(cellKey: Uint8Array, { organizationId, runId, attempt, executorId }: AttemptName): Buffer {
  return createHmac('sha256', createSecretKey(cellKey))
    .update(`hg-run-v1|${organizationId}|${runId}|${attempt}|${executorId}`)
    .digest();
}

/** The key of a run's checkpoints: the executor seals with it, no one but a later attempt opens. */
export function checkpointKey(kek: Uint8Array, runId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', createSecretKey(kek), Buffer.alloc(0), `hg-checkpoint${runId}`, 32));
}

export interface CheckpointName {
  runId: string;
  nodeId: string;
  iteration: number;
}

export function sealCheckpoint(key: Uint8Array, name: CheckpointName, state: string): Buffer {
  return seal(key, randomBytes(12), Buffer.from(state, 'utf8'), aadOf(name));
}

export function openCheckpoint(key: Uint8Array, name: CheckpointName, sealed: Buffer): string {
  return open(key, sealed, aadOf(name)).toString('utf8');
}

function aadOf({ runId, nodeId, iteration }: CheckpointName): string {
  return `hg1|run:${runId}|node:${nodeId}|iteration:${iteration}`;
}
