export { Clock, SystemClock } from './clock.ts';
export {
  AppError,
  ERRORS,
  type ErrorCode,
  type ErrorFacts,
  isErrorCode,
  type Problem,
  problemOf,
} from './errors.ts';
export { Gather } from './gather.ts';
export { assertNever } from './guard.ts';
export { dayOfId, isUuid, newId, timeOfId } from './id.ts';
export { canonicalJson, flawOfJson, isJsonObject, type Json, type JsonObject } from './json.ts';
