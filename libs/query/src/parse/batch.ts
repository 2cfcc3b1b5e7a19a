import type { QueryFault } from '../faults.js';
import { quoted } from './faults.js';
import { limits } from './limits.js';
import type { Parsed } from './parse.js';
import { readBody } from './search-body.js';

/** Reads the body of `POST _batch`, `{ ids: [...] }`: the ids in the order asked, each once. */
export function parseBatch(given: unknown): Parsed<readonly string[]> {
  const read = readBody(given, ['ids']);
  if ('faults' in read) return read;
  const { ids } = read.body;
  const refuse = (code: QueryFault['code'], detail: string) => ({
    faults: [{ parameter: 'ids', code, detail }],
  });
  if (ids === undefined)
    return refuse('parameter_missing', 'A batch has the ids of the documents it asks for.');
  if (!Array.isArray(ids)) return refuse('value_invalid', `ids is a list of ids, and is ${quoted(ids)}.`);
  if (ids.length > limits.batch)
    return refuse('too_many_values', `A batch has at most ${limits.batch} ids, and this one ${ids.length}.`);
  const faults = ids.flatMap((id: unknown, at): QueryFault[] => {
    const detail = idFault(id);
    return detail === null ? [] : [{ parameter: `ids[${at}]`, code: 'value_invalid', detail }];
  });
  if (faults.length > 0) return { faults };
  return { query: [...new Set(ids as readonly string[])] };
}

function idFault(id: unknown): string | null {
  if (typeof id !== 'string' || id === '')
    return `An id is a text that is not empty, and this is ${quoted(id)}.`;
  if (!id.isWellFormed()) return 'An id has no half of a surrogate pair.';
  return Buffer.byteLength(id) > limits.idBytes ? `An id has at most ${limits.idBytes} bytes.` : null;
}
