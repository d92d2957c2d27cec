export {
  type Append,
  type AppendEvent,
  type Appended,
  type AppendFrom,
  appendCall,
} from './append-events.ts';
export { eventText, progressOf } from './progress.ts';
export { type Acceptance, type NewRun, RunAcceptor } from './run-acceptor.ts';
