export { AUDIT_START, auditHash } from './audit-chain.ts';
export { contentHash, idempotencyHash } from './content.ts';
export { isExecutorIdOf, newExecutorId } from './executor-id.ts';
export { KeyProvider, LocalKeyProvider } from './key-provider.ts';
export { type CellKeys, ensureKeysFile, readKeysFile, readPoolKey } from './keys-file.ts';
export { makeRoadEnd, type RoadKeys, roadKeys } from './road-keys.ts';
export { introduced, introduction, saidAs, signed } from './road-mac.ts';
export {
  checkpointKey,
  isRunToken,
  openCheckpoint,
  runToken,
  sealCheckpoint,
} from './run-keys.ts';
export { openAssignment, sealAssignment } from './sealed-assignment.ts';
export { openSecret, sealSecret } from './secret-envelope.ts';
export {
  hashToken,
  isSameHash,
  mintToken,
  newPublicId,
  readToken,
  TOKEN_KINDS,
  TOKEN_PATTERN,
  type TokenKind,
} from './token.ts';
