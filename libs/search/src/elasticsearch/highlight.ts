import type { QueryField } from '#views';
import { SearchRefusedError } from '../errors.js';
import { fieldOf, isText, textFields, type Fields } from '../fields.js';
import type { SearchRequest } from '../search-index.js';
import { compileText, textPath } from './text-query.js';
import type { Query } from './filter.js';
import { slice, type Span } from './raw-json.js';

/** The highlighting of a search, or nothing. */
export function compileHighlight(request: SearchRequest, fields: Fields): Query {
  const { highlight, q } = request;
  if (highlight === undefined || q === null) return {};
  const searched = textFields(request.in, fields);
  return {
    highlight: {
      // Escapes the text before the marks are set into it.
      encoder: 'html',
      pre_tags: ['<mark>'],
      post_tags: ['</mark>'],
      highlight_query: compileText(q, searched, 'for marks'),
      fields: Object.fromEntries(
        markedFields(highlight, searched, fields).map((field) => [textPath(field), passagesOf(field)]),
      ),
    },
  };
}

function markedFields(
  highlight: NonNullable<SearchRequest['highlight']>,
  searched: readonly QueryField[],
  fields: Fields,
): readonly QueryField[] {
  if (highlight === 'all') return searched;
  return highlight.map((path) => {
    const field = fieldOf(path, fields);
    if (isText(field)) return field;
    throw new SearchRefusedError(400, `'${path}' is no text, so that nothing can be marked in it`);
  });
}

/** 0 fragments is the whole value, of several those with a match. */
function passagesOf({ kind }: QueryField): Query {
  return kind === 'prose' ? { number_of_fragments: 3, fragment_size: 150 } : { number_of_fragments: 0 };
}

/** The marked values of a hit, by field. */
export function readHighlights(
  text: string,
  hit: ReadonlyMap<string, Span>,
  fields: Fields,
): Readonly<Record<string, readonly string[]>> {
  const span = hit.get('highlight');
  if (span === undefined) return {};
  const found = JSON.parse(slice(text, span)) as Record<string, readonly string[]>;
  const named = [...fields.values()].filter(isText).map((field) => [textPath(field), field.path] as const);
  return Object.fromEntries(named.flatMap(([path, name]) => (found[path] ? [[name, found[path]]] : [])));
}
