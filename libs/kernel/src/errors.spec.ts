import { describe, expect, it } from '@jest/globals';
import { AppError, ERRORS, isErrorCode, problemOf } from './errors.ts';

describe('the table of codes', () => {
  it.each(Object.entries(ERRORS))(
    '%s has an HTTP status of a failure and a title',
    (code, { status, title }) => {
      expect(code).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    },
  );

  it('knows its codes and no others', () => {
    expect(isErrorCode('flow.name_taken')).toBe(true);
    for (const other of ['flow.name', '', 'toString', '__proto__']) expect(isErrorCode(other)).toBe(false);
  });
});

describe('a problem document', () => {
  it('says what the table says where nothing else is known', () => {
    expect(problemOf(new AppError('key.revoked'))).toEqual({
      type: 'urn:headgate:problem:key.revoked',
      title: 'The key has been revoked',
      status: 401,
      detail: 'The key has been revoked.',
      code: 'key.revoked',
      retryable: false,
    });
  });

  it('carries the detail, the pointers and the members of its error', () => {
    const errors = [{ pointer: '/name', detail: 'is missing' }];
    const members = { candidates: ['a', 'b'] };
    const problem = problemOf(
      new AppError('deployment.ambiguous', { detail: 'Say which.', errors, members }),
    );
    expect(problem).toMatchObject({ detail: 'Say which.', errors, candidates: ['a', 'b'], status: 409 });
  });

  it('says what may be tried again', () => {
    expect(problemOf(new AppError('service.unavailable')).retryable).toBe(true);
  });
});

describe('an expected error', () => {
  it('has its detail, or else its title, as its message', () => {
    expect(new AppError('key.revoked', { detail: 'Make another.' }).message).toBe('Make another.');
    expect(new AppError('key.revoked').message).toBe('The key has been revoked');
  });
});
