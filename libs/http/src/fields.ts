import { z } from 'zod';

/** Text that a table can hold: well-formed, without NUL. */
export function text(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine(
      (value) => !value.includes('\u0000') && value.isWellFormed(),
      'must be well-formed and hold no NUL',
    );
}

/** A name as people give it to things. */
export const Name = text(1, 80).refine(
  (value) => value.trim() === value,
  'must not begin or end with a space',
);

export const Id = z.uuid('must be an id (a UUID)').meta({ description: 'A UUID.' });

/** A moment, as ISO 8601 in UTC. */
export const Timestamp = z.iso.datetime().meta({ description: 'ISO 8601, UTC.' });
