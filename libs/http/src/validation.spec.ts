import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { problemOf } from '#libs/kernel';
import { invalidRequest, validationPipe } from './validation.ts';

const pointersOf = (...paths: (readonly (PropertyKey | { key: PropertyKey })[])[]) =>
  invalidRequest(paths.map((path) => ({ message: 'wrong', path }))).facts.errors?.map(
    (error) => error.pointer,
  );

describe('the pointers of a refused request', () => {
  it('lead to the member, through objects and lists', () => {
    expect(pointersOf(['name'], ['traffic', 0, 'versionId'], [{ key: 'a' }, { key: 1 }])).toEqual([
      '/name',
      '/traffic/0/versionId',
      '/a/1',
    ]);
  });

  it('escape what JSON Pointer needs escaped', () => {
    expect(pointersOf(['a/b'], ['a~b'], ['~1'], [''])).toEqual(['/a~1b', '/a~0b', '/~01', '/']);
  });

  it('are empty for the whole', () => {
    expect(pointersOf([])).toEqual(['']);
    expect(invalidRequest([{ message: 'wrong' }]).facts.errors).toEqual([{ pointer: '', detail: 'wrong' }]);
  });

  it('are fifty at most', () => {
    const many = Array.from({ length: 60 }, (_, index) => [index]);
    expect(pointersOf(...many)).toHaveLength(50);
  });
});

describe('a refused request', () => {
  it('says the first fault in its detail', () => {
    const problem = problemOf(invalidRequest([{ message: 'is missing', path: ['name'] }]));
    expect(problem).toMatchObject({ status: 400, code: 'request.invalid', detail: '/name: is missing' });
    expect(invalidRequest([{ message: 'is missing' }]).message).toBe('The request: is missing');
    expect(invalidRequest([]).message).toBe('The request does not fit its schema.');
  });
});

describe('the validation of requests', () => {
  const schema = z.strictObject({ name: z.string(), size: z.number().default(3) });
  const validate = (value: unknown) => validationPipe().transform(value, { type: 'body', schema });

  it('gives what the schema makes of the body', async () => {
    expect(await validate({ name: 'a' })).toEqual({ name: 'a', size: 3 });
  });

  it('names every fault', async () => {
    await expect(validate({ size: 'x', more: 1 })).rejects.toMatchObject({
      code: 'request.invalid',
      facts: {
        errors: [
          { pointer: '/name', detail: expect.any(String) },
          { pointer: '/size', detail: expect.any(String) },
          { pointer: '', detail: expect.stringContaining('more') },
        ],
      },
    });
  });
});
