export { AppStartError } from './app-start-error.ts';
export { atMost } from './at-most.ts';
export { Clock, SystemClock, setWall, wallMs } from './clock.ts';
export { Ending } from './ending.ts';
export {
  AppError,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  type Problem,
  problemOf,
} from './errors.ts';
export { carryContext, Gather } from './gather.ts';
export { dayOfId, isUuid, newId } from './id.ts';
export { canonicalJson, flawOfJson, isJsonObject, type Json, type JsonObject } from './json.ts';
export { mainProcess } from './main-process.ts';
export { isAlive } from './process.ts';
export { Recent } from './recent.ts';
export { TtlCache } from './ttl-cache.ts';
export { Turns } from './turns.ts';
