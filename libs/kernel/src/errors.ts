/** Every code that a client can meet: in an answer, in a stream's `error` event, or as a run's `error`. */
export const ERRORS = {
  'request.invalid': { status: 400, title: 'The request does not fit its schema' },
  'request.malformed': { status: 400, title: 'The request cannot be read' },
  'request.too_large': { status: 413, title: 'The body is too large' },
  'request.unsupported_media_type': { status: 415, title: 'The content type is not supported' },
  'request.timeout': { status: 408, title: 'The request took too long to arrive' },
  'resource.not_found': { status: 404, title: 'There is no such resource' },
  'route.not_found': { status: 404, title: 'There is no such route' },
  'auth.required': { status: 401, title: 'A key or an access token is required' },
  'auth.failed': { status: 401, title: 'E-mail or password is wrong' },
  'auth.refresh_invalid': { status: 401, title: 'The refresh token is not valid' },
  'token.invalid': { status: 401, title: 'The access token is not valid' },
  'token.expired': { status: 401, title: 'The access token has expired' },
  'key.malformed': { status: 401, title: 'This is not the form of a key' },
  'key.invalid': { status: 401, title: 'The key is not valid' },
  'key.revoked': { status: 401, title: 'The key has been revoked' },
  'key.expired': { status: 401, title: 'The key has expired' },
  'bootstrap.invalid': { status: 401, title: 'The bootstrap token is not valid' },
  'permission.denied': { status: 403, title: 'The permission is missing' },
  'project.name_taken': { status: 409, title: 'A project with this name exists' },
  'flow.name_taken': { status: 409, title: 'A flow with this name exists in the project' },
  'deployment.name_taken': { status: 409, title: 'A deployment with this name exists in the environment' },
  'deployment.ambiguous': { status: 409, title: 'More than one deployment has this name' },
  'variable.name_taken': { status: 409, title: 'A variable with this name exists in the environment' },
  'definition.invalid': { status: 422, title: 'The definition cannot be run' },
  'definition.secret_literal': { status: 422, title: 'The definition holds a secret as a literal' },
  'deployment.version_foreign': { status: 422, title: 'The version belongs to another flow' },
  'deployment.flow_foreign': { status: 422, title: 'The flow belongs to another project' },
  'deployment.no_version': { status: 422, title: 'The deployment has no version' },
  'idempotency.key_reused': { status: 422, title: 'The idempotency key was used for another body' },
  'run.input_ambiguous': { status: 422, title: 'The flow does not have one main input' },
  'run.input_invalid': { status: 422, title: 'The input cannot be taken' },
  'run.events_expired': { status: 410, title: 'The events of this run are no longer kept' },
  'run.worker_lost': { status: 500, title: 'The worker was lost too often' },
  'run.bad_event': { status: 500, title: 'The run produced something that cannot be recorded' },
  'run.timed_out': { status: 504, title: 'The run took longer than its timeout' },
  'run.queue_expired': { status: 504, title: 'The run waited in the queue longer than its time to live' },
  'run.limit_exceeded': { status: 500, title: 'The run exceeded a limit' },
  'run.plan_unavailable': { status: 500, title: 'The plan of the version could not be fetched' },
  'node.failed': { status: 500, title: 'A component of the flow failed' },
  'variable.missing': { status: 422, title: 'A variable that the flow needs is missing' },
  'service.unavailable': {
    status: 503,
    title: 'The service is not available at the moment',
    retryable: true,
  },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable?: true }>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** What may stand beside the code in a problem document. */
export interface ErrorFacts {
  /** One sentence: what is wrong, what to do. */
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  /** Members of this error alone, such as the candidates of an ambiguous name. */
  members?: Record<string, unknown>;
}

/** An expected failure. Anything else that is thrown is our own fault. */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly facts: ErrorFacts = {},
  ) {
    super(facts.detail ?? ERRORS[code].title);
    this.name = 'AppError';
  }
}

/** RFC 9457, the only form in which an error reaches a client. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  retryable: boolean;
  errors?: { pointer: string; detail: string }[];
  [member: string]: unknown;
}

export function problemOf(error: AppError): Problem {
  const entry: { status: number; title: string; retryable?: true } = ERRORS[error.code];
  return {
    type: `urn:headgate:problem:${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: error.facts.detail ?? `${entry.title}.`,
    code: error.code,
    retryable: entry.retryable ?? false,
    ...(error.facts.errors && { errors: error.facts.errors }),
    ...error.facts.members,
  };
}
