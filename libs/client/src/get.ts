import type { AnyView } from '#views';
import type { Found, Unchanged } from './answers.js';
import { AnswerInvalidError, RefusedError } from './errors.js';
import { errorOf } from './problem.js';
import {
  freshnessIn,
  parsedBody,
  type Answered,
  type ReadOptions,
  type RequestHeaders,
  type ViewReads,
} from './transport.js';

export interface GetOptions extends ReadOptions {
  /** The `revision` of the document that the caller has. */
  readonly ifNoneMatch?: string;
}

type Got<V extends AnyView> = Found<V> | Unchanged | null;

export interface Get<V extends AnyView> {
  (id: string, options?: ReadOptions): Promise<Found<V> | null>;
  (id: string, options: GetOptions): Promise<Got<V>>;
}

export function getIn<V extends AnyView>(view: ViewReads): Get<V> {
  function get(id: string, options?: ReadOptions): Promise<Found<V> | null>;
  function get(id: string, options: GetOptions): Promise<Got<V>>;
  function get(id: string, options: GetOptions = {}): Promise<Got<V>> {
    return getDocument(view, id, options);
  }
  return get;
}

async function getDocument<V extends AnyView>(
  { transport, name }: ViewReads,
  id: string,
  { ifNoneMatch, ...options }: GetOptions,
): Promise<Got<V>> {
  // No id is empty or begins so: beside the ids are the list and the operations of the view, whose answers are no documents.
  if (id === '' || id.startsWith('_')) return null;
  if (id === '.' || id === '..') throw unaskable(id);
  const headers: RequestHeaders = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch };
  const read = { view: name, by: 'id' as const, path: `/${encodeURIComponent(id)}`, headers };
  return transport.read(read, options, (response) => readDocument<V>(response, ifNoneMatch));
}

async function readDocument<V extends AnyView>(
  response: Response,
  known: string | undefined,
): Promise<Answered<Got<V>>> {
  const freshness = freshnessIn(response.headers);
  if (response.status === 304 && known !== undefined)
    return { value: { document: 'unchanged', revision: known, freshness }, freshness };
  if (response.status === 404) {
    const error = await errorOf(response);
    // Another 404 says that there is no such view: a fault of the caller's.
    if (error.code === 'not_found') return { value: null, freshness };
    throw error;
  }
  if (!response.ok) throw await errorOf(response);
  const document = (await parsedBody(response)) as Found<V>['document'];
  const revision = response.headers.get('etag');
  if (revision === null) throw new AnswerInvalidError(response.status);
  return { value: { document, revision, freshness }, freshness };
}

/** URLs have no place for these: every reader of one takes them for steps up and down. */
function unaskable(id: string): RefusedError {
  return new RefusedError({
    code: 'id_not_askable',
    message: `The id '${id}' can not stand in a URL.`,
    remedy: 'Ask for it by getMany.',
  });
}
