export { DEFAULTS } from './defaults.ts';
export { fairOrder, type Waiting } from './fair-order.ts';
export {
  ALL_PERMISSIONS,
  isRole,
  KEY_SCOPES,
  type KeyScope,
  PERMISSIONS,
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
  type TerminalEventType,
} from './run-event-type.ts';
export {
  isTerminal,
  RUN_MOVES,
  RUN_STATUSES,
  type RunState,
  type RunStatus,
  shownStatus,
  TERMINAL_STATES,
  type TerminalState,
} from './run-state.ts';
