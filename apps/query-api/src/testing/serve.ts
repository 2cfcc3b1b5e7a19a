import { silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { createTestSpace } from '#testing';
import { compile, type AnyView } from '#views';
import { readQueryApiConfig } from '../config.js';
import { startQueryApi, type StartOptions } from '../start.js';
import type { OrderDocument } from './orders.js';

export interface Served {
  readonly running: RunningApp;
  /** The index that it reads, to change what is served. */
  readonly search: SearchIndex;
  /** The name of the index of a view's only generation. */
  indexOf(view: AnyView): string;
  /** Sends `body` as JSON when there is one. */
  send(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export type Contents = readonly (readonly [AnyView, readonly OrderDocument[]])[];

export interface ServeOptions extends Pick<StartOptions, 'guard'> {
  /** What it is told besides where its servers are. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A query API of its own over views with these documents, each of revision 7. */
export async function serve(
  contents: Contents,
  { env = {}, ...options }: ServeOptions = {},
): Promise<Served> {
  const space = await createTestSpace({ elasticsearch: true });
  const search = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  const indexOf = (view: AnyView): string =>
    `${space.indexPrefix}${view.name}.${compile(view).fingerprint}.1`;
  for (const [view, documents] of contents)
    await fill(search, indexOf(view), `${space.indexPrefix}${view.name}`, view, documents);
  const config = readQueryApiConfig({
    QUERY_API_PORT: '0',
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    INDEX_PREFIX: space.indexPrefix,
    CURSOR_SECRET: 'a secret of a test',
    LOG_LEVEL: 'silent',
    ...env,
  });
  const running = await startQueryApi(config, {
    signals: 'off',
    views: contents.map(([view]) => view),
    ...options,
  });
  return {
    running,
    search,
    indexOf,
    send: (path, body, headers) => sendTo(running, path, body, headers),
    async close() {
      await running.stop();
      await search.close();
      await space.dispose();
    },
  };
}

/** Makes an index of a view with these documents, and points the alias at it. */
export async function fill(
  search: SearchIndex,
  index: string,
  alias: string,
  view: AnyView,
  documents: readonly OrderDocument[],
): Promise<void> {
  await search.create(index, compile(view));
  await search.point(alias, index);
  const operations = documents.map((document) => {
    const { id } = document;
    return { kind: 'index' as const, index, id, revision: 7, body: JSON.stringify(document) };
  });
  const outcomes = await search.write(operations, 20_000);
  const failed = outcomes.filter(({ kind }) => kind !== 'done');
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
  await search.refresh(index);
}

export function sendTo(
  { url }: RunningApp,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(
    `${url}${path}`,
    body === undefined
      ? { headers }
      : {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { ...headers, 'content-type': 'application/json' },
        },
  );
}
