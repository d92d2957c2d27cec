export { EventStream } from './event-stream.ts';
export { Id, Name, Timestamp, text } from './fields.ts';
export { acceptJsonOnly } from './json-body.ts';
export { type Page, PageQuery, page, pageOf } from './paging.ts';
export { ProbeServer } from './probe-server.ts';
export { ProblemFilter, sendProblem, withRequest } from './problem.filter.ts';
export { type ReadinessReport, readinessAnswer } from './readiness.ts';
export { traceRequests } from './trace-requests.ts';
export { validationPipe } from './validation.ts';
