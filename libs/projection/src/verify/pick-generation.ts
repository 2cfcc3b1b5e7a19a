import type { Pool } from 'pg';
import { readGenerations, type Generation } from '../generations/generation.js';
import { NoGenerationError } from '../rebuild/errors.js';
import { GenerationUnknownError } from './errors.js';

/**
 * The generation of a view that is meant: the live one, or the one of that number.
 * @throws {NoGenerationError} when none is live; {GenerationUnknownError} when there is none of that number
 */
export async function pickGeneration(pool: Pool, view: string, number: number | null): Promise<Generation> {
  const generations = await readGenerations(pool, view);
  const found = generations.find((one) => (number === null ? one.state === 'live' : one.number === number));
  if (found !== undefined) return found;
  if (number === null) throw new NoGenerationError(view);
  throw new GenerationUnknownError(
    view,
    number,
    generations.map((one) => one.number),
  );
}
