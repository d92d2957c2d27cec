export type { Append, AppendEvent, Appended } from './append.ts';
export { appendCall } from './append-events.ts';
export { eventText, progressOf } from './progress.ts';
export { type NewRun, RunAcceptor } from './run-acceptor.ts';
export { usageOf } from './usage-of.ts';
