import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { PageQuery, page, pageOf } from './paging.ts';

const CURSOR = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';

describe('the query of a page', () => {
  it.each<[Record<string, string>, PageQuery]>([
    [{}, { limit: 50 }],
    [{ limit: '1' }, { limit: 1 }],
    [
      { limit: '200', cursor: CURSOR },
      { limit: 200, cursor: CURSOR },
    ],
  ])('is taken: %j', (query, expected) => {
    expect(PageQuery.parse(query)).toEqual(expected);
  });

  it.each<[Record<string, unknown>]>([
    [{ limit: '0' }],
    [{ limit: '201' }],
    [{ limit: '1.5' }],
    [{ limit: 'many' }],
    [{ limit: '' }],
    [{ cursor: 'abc' }],
    [{ cursor: '' }],
    [{ offset: '3' }],
  ])('is refused: %j', (query) => {
    expect(PageQuery.safeParse(query).success).toBe(false);
  });
});

describe('a page', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ id, secret: 'not shown' }));
  const present = ({ id }: { id: string }) => ({ name: id });

  it('shows no more rows than were asked for, and says where the next page begins', () => {
    expect(page(rows, 2, present)).toEqual({ data: [{ name: 'a' }, { name: 'b' }], nextCursor: 'b' });
  });

  it('is the last one when there is no row beyond it', () => {
    expect(page(rows, 3, present)).toEqual({ data: rows.map(present), nextCursor: null });
    expect(page(rows, 4, present).nextCursor).toBeNull();
  });

  it('may be empty', () => {
    expect(page([], 5, present)).toEqual({ data: [], nextCursor: null });
  });

  it('has a schema that names every member', () => {
    const schema = pageOf(z.object({ name: z.string() }), 'ThingPage');
    expect(schema.parse({ data: [{ name: 'a', more: 1 }], nextCursor: null, more: 1 })).toEqual({
      data: [{ name: 'a' }],
      nextCursor: null,
    });
  });
});
