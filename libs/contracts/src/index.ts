export { ConductorProbe } from './conductor-probe.contract.ts';
export type { BusMessage, Contract, Envelope } from './contract.ts';
export { ControlChanged, type ControlChangedData } from './control-changed.contract.ts';
export {
  Assignment,
  commandPartition,
  commandTo,
  ExecutorCommand,
  type ExecutorCommandData,
  type GrantedSecret,
  type PutGrant,
  putUrl,
  saidInTerm,
  termOf,
} from './executor-command.contract.ts';
export { ExecutorStatus, type ExecutorStatusData } from './executor-status.contract.ts';
export { type ReportedEvent, RunEvents, type RunEventsData, type StagedBlob } from './run-event.contract.ts';
export {
  RUN_EVENT_DATA,
  RunError,
  type RunEventData,
  RunOutput,
  RunUsage,
} from './run-event-data.ts';
export { PROGRESS_MOVED, RunEvent, RunProgress, type RunProgressData } from './run-progress.contract.ts';
export { ROOT_SPAN, RunSpan, RunSpans, SPAN_TEXT_LENGTH } from './run-span.contract.ts';
export { RunTouched, type RunTouchedData } from './run-touched.contract.ts';
export { TOPICS, type Topic } from './topics.ts';
