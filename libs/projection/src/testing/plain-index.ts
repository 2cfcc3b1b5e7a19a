import { eventually } from '#testing';

/** Elasticsearch past all rules of this lib, as somebody with a console has it: what must be found and mended. */
export interface PlainIndex {
  /** Deletes as the server counts versions by itself. */
  delete(ids: readonly string[]): Promise<void>;
  /** Deletes, and has the server forget that it did, so that any version can be written. */
  forgetTombstones(ids: readonly string[]): Promise<void>;
  /** Writes at versions of the caller's choice, which may be equal to the stored one. */
  write(documents: readonly PlainDocument[]): Promise<void>;
  /** How many writes the index has taken in all, deletes among them. */
  writes(): Promise<number>;
}

export interface PlainDocument {
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

export function plainIndex(url: string, index: string): PlainIndex {
  const ask = async (method: string, path: string, body?: string): Promise<unknown> => {
    const answer = await fetch(`${url}/${index}/${path}`, {
      method,
      headers: { 'content-type': path.startsWith('_bulk') ? 'application/x-ndjson' : 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const bulk = async (lines: readonly object[]): Promise<void> => {
    const answer = (await ask(
      'POST',
      '_bulk',
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    )) as {
      readonly errors: boolean;
    };
    if (answer.errors) throw new Error(JSON.stringify(answer).slice(0, 500));
  };
  const keepTombstones = (time: string): Promise<unknown> =>
    ask('PUT', '_settings', JSON.stringify({ index: { gc_deletes: time } }));
  const remove = (ids: readonly string[]): Promise<void> => bulk(ids.map((_id) => ({ delete: { _id } })));
  const put = (documents: readonly PlainDocument[]): Promise<void> =>
    bulk(
      documents.flatMap(({ id, version, body }) => [
        { index: { _id: id, version, version_type: 'external_gte' } },
        JSON.parse(body) as object,
      ]),
    );
  return {
    delete: remove,
    forgetTombstones: async (ids) => {
      await keepTombstones('0ms');
      await remove(ids);
      await eventually(
        async () => {
          await ask('POST', '_refresh');
          // Of all: they are not forgotten at the same moment. What is there already is written again.
          await put(ids.map((id) => ({ id, version: 1, body: JSON.stringify({ id }) })));
        },
        { timeoutMs: 30_000 },
      );
      await keepTombstones('1h');
    },
    write: put,
    writes: async () => {
      const { _all } = (await ask('GET', '_stats/indexing')) as {
        readonly _all: { readonly primaries: { readonly indexing: Record<string, number> } };
      };
      const { index_total = 0, delete_total = 0 } = _all.primaries.indexing;
      return index_total + delete_total;
    },
  };
}
