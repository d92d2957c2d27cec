import { StandardSchemaValidationPipe } from '@nestjs/common';
import { AppError } from '#libs/kernel';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Holds every body, parameter and query against its schema. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalidRequest(issues) });
}

export function invalidRequest(issues: readonly Issue[]): AppError {
  const errors = issues.slice(0, 50).map((issue) => ({ pointer: pointerOf(issue), detail: issue.message }));
  const [first] = errors;
  const detail = first
    ? `${first.pointer === '' ? 'The request' : first.pointer}: ${first.detail}`
    : 'The request does not fit its schema.';
  return new AppError('request.invalid', { detail, errors });
}

function pointerOf({ path = [] }: Issue): string {
  return path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
