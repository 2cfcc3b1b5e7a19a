import { z } from 'zod';

/** An id as it is stored and published: in lower case, since references to it are compared as text. */
export const uuid = z.uuid().toLowerCase();

/** A name or a line of an address: something in it that can be read. */
export const words = (max: number) => z.string().trim().min(1).max(max);

/** A whole number of cents. */
export const cents = z.int().min(0).max(1_000_000_000);

/** The same body, which must say at least one thing: a change of nothing is a mistake of the caller. */
export function someOf<S extends z.ZodObject>(body: S): S {
  return body.refine(
    (value) => Object.values(value).some((item) => item !== undefined),
    'must have at least one property',
  );
}
