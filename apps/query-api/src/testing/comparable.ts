import type { Generated } from './requests.js';

/** What two servers have to agree on in their answers to a request. */
export interface Comparable {
  readonly status: number;
  readonly body: unknown;
  /** The cursor of the next page, which is each server's own. */
  readonly next: string | null;
}

/**
 * An answer without what is each server's own: traces, cursors, and the order of what relevance orders. There the documents
 * of a page are compared when they are all that there are.
 */
export async function comparable(request: Generated, response: Response): Promise<Comparable> {
  const { status } = response;
  const text = await response.text();
  const byRelevance = isByRelevance(request);
  if (response.headers.get('content-type')?.startsWith('application/x-ndjson')) {
    const lines = text.split('\n').filter((line) => line !== '');
    const documents = (byRelevance ? lines.sort() : lines).map(parsed);
    return { status, body: isOfParts(request) ? withoutEmpty(documents) : documents, next: null };
  }
  const { traceId: _trace, next, ...body } = parsed(text) as Record<string, unknown>;
  if (isOfParts(request)) body['data'] = withoutEmpty(body['data']);
  const { highlights, data } = body;
  if (highlights !== undefined) body['highlights'] = plainMarks(highlights);
  if (byRelevance && Array.isArray(data) && typeof body['total'] !== 'undefined') {
    if (next === null && data.length === body['total'])
      body['data'] = data.map((one) => JSON.stringify(one)).sort();
    else {
      delete body['data'];
      delete body['highlights'];
    }
  }
  const cursor = typeof next === 'string' ? next : null;
  return { status, body: { ...body, hasNext: cursor !== null }, next: byRelevance ? null : cursor };
}

function isOfParts({ path, body }: Generated): boolean {
  return path.includes('fields=') || (typeof body === 'object' && body !== null && 'fields' in body);
}

/** Of some fields only, an element of a list that has none of them is there or not. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutEmpty).filter((one) => one !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, one]) => {
    const kept = withoutEmpty(one);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function isByRelevance({ path, body }: Generated): boolean {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const asked = { ...Object.fromEntries(query), ...(body as object | undefined) } as Record<string, unknown>;
  const { q, sort } = asked;
  const isSorted = typeof sort === 'string' ? sort !== '' : Array.isArray(sort) && sort.length > 0;
  return q !== undefined && !isSorted;
}

/** Two words of a phrase are marked together or each by itself. */
function plainMarks(highlights: unknown): unknown {
  return parsed(JSON.stringify(highlights).replaceAll('</mark> <mark>', ' '));
}

/** A range that ends now ends a moment later at the second server. */
function parsed(text: string): unknown {
  const now = Date.now();
  return JSON.parse(
    text.replace(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, (quoted, instant: string) =>
      Math.abs(Date.parse(instant) - now) < 60_000 ? '"now"' : quoted,
    ),
  );
}
