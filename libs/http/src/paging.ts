import { z } from 'zod';

const MAX_PAGE = 200;

/** `?limit=&cursor=`; the cursor is the last id of the page before. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  cursor: z.uuid().optional().meta({ description: 'The nextCursor of the page before.' }),
});
export type PageQuery = z.output<typeof PageQuery>;

export function pageOf<Item extends z.ZodType>(item: Item, name: string) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() }).meta({ id: name });
}

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

/** Makes a page of one row more than was asked for. */
export function page<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(present), nextCursor: rows.length > limit && last ? last.id : null };
}
