export { DEFAULTS } from './defaults.ts';
export { fairOrder, type Waiting } from './fair-order.ts';
export {
  ALL_PERMISSIONS,
  isRole,
  KEY_SCOPES,
  type KeyScope,
  type Permission,
  ROLES,
  type Role,
} from './permissions.ts';
export { holds, may, type Principal, permissionsOf, type Scope } from './principal.ts';
export {
  isTerminalEvent,
  RUN_EVENT_TYPES,
  RUN_EVENT_WRITERS,
  type RunEventType,
} from './run-event-type.ts';
export { SPAN_KINDS, SPAN_STATUSES, type SpanKind, type SpanStatus } from './run-span.ts';
export {
  RUN_STATUSES,
  type RunState,
  shownStatus,
  type TerminalState,
} from './run-state.ts';
