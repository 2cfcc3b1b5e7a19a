import { isNestedList, type Hints, type Plan, type ShapeNode, type ValueKind } from '#views';
import { longestKeyword, longestSortKey } from '../limits.js';
import { plainAnalysis, type Analysis } from './analysis.js';
import { indexSort } from './sort.js';

type Mapping = Readonly<Record<string, unknown>>;

/** Mappings and settings of the index of a plan, as the body of its creation. */
export function indexDefinition(plan: Plan, analysis: Analysis = plainAnalysis): Mapping {
  return { settings: indexSettings(plan, analysis), mappings: indexMapping(plan, analysis) };
}

export function indexMapping(plan: Plan, analysis: Analysis = plainAnalysis): Mapping {
  const root = nodeMapping(plan.shape, { analysis, nested: false });
  return {
    // A field that the plan does not know is a fault that has to show, at the first document that has it.
    dynamic: 'strict',
    _meta: { view: plan.view, fingerprint: plan.fingerprint, plan },
    properties: { ...(root['properties'] as Mapping), id: { type: 'keyword' } },
  };
}

/** The languages that the text fields of a plan name. */
export function languagesOf(plan: Plan): string[] {
  const found = new Set<string>();
  const visit = (node: ShapeNode): void => {
    if (node.node === 'object') node.fields.forEach((field) => visit(field.of));
    else if (node.node === 'one' || node.node === 'many' || node.node === 'items') visit(node.of);
    else if (node.hints.text?.language) found.add(node.hints.text.language);
  };
  visit(plan.shape);
  return [...found];
}

function indexSettings(plan: Plan, analysis: Analysis): Mapping {
  const sort = indexSort(plan);
  return {
    index: {
      number_of_shards: 1,
      auto_expand_replicas: '0-1',
      // Unset, a shard that nobody searched for 30 s stops refreshing and the next search waits for it.
      refresh_interval: '1s',
      // A tombstone refuses an older write for as long as a late one may be under way; the default is a minute.
      gc_deletes: '1h',
      // An acknowledged write survives a crash: the mark that would repeat it is gone by then.
      translog: { durability: 'request' },
      ...(sort === null ? {} : { sort }),
    },
    analysis: {
      normalizer: { sort: { type: 'custom', filter: ['lowercase'] } },
      analyzer: {
        text: {
          type: 'custom',
          tokenizer: 'standard',
          filter: analysis.folding ? ['lowercase', 'asciifolding'] : ['lowercase'],
        },
      },
    },
  };
}

interface Place {
  readonly analysis: Analysis;
  /** Already within a nested list: lists further in are plain objects, since elements are told apart once. */
  readonly nested: boolean;
}

function nodeMapping(node: ShapeNode, place: Place): Mapping {
  switch (node.node) {
    case 'object':
      return {
        properties: Object.fromEntries(node.fields.map(({ name, of }) => [name, nodeMapping(of, place)])),
      };
    case 'one':
      return nodeMapping(node.of, place);
    case 'many':
    case 'items':
      return listMapping(node, place);
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      return valueMapping(node.kind, node.hints, place.analysis);
  }
}

function listMapping(list: Extract<ShapeNode, { node: 'many' | 'items' }>, place: Place): Mapping {
  const asNested = !place.nested && isNestedList(list);
  const mapping = nodeMapping(list.of, { ...place, nested: place.nested || asNested });
  // include_in_root repeats the elements' fields at the root, so that text search, sorting and facets need no nesting.
  return asNested ? { type: 'nested', include_in_root: true, ...mapping } : mapping;
}

function valueMapping(kind: ValueKind, hints: Hints, analysis: Analysis): Mapping {
  if (hints.carry) return { type: 'object', enabled: false };
  switch (kind) {
    case 'id':
      return { type: 'keyword', ignore_above: longestKeyword };
    case 'string':
    case 'enum':
      return stringMapping(hints, analysis);
    case 'prose':
      return textMapping(hints, analysis);
    case 'int':
    case 'money':
      // Without this, 2.5 would be indexed as 2 while the document says 2.5.
      return { type: 'long', coerce: false };
    case 'decimal':
      return { type: 'double', coerce: false };
    case 'instant':
      return { type: 'date', format: 'strict_date_optional_time' };
    case 'day':
      return { type: 'date', format: 'strict_date' };
    case 'bool':
      return { type: 'boolean' };
    case 'geo':
      return { type: 'geo_point' };
    case 'json':
      return { type: 'object', enabled: false };
  }
}

function stringMapping(hints: Hints, analysis: Analysis): Mapping {
  return {
    type: 'keyword',
    ignore_above: longestKeyword,
    fields: {
      sort: { type: 'keyword', normalizer: 'sort', ignore_above: longestSortKey },
      ...(hints.text ? { text: textMapping(hints, analysis) } : {}),
    },
  };
}

function textMapping(hints: Hints, analysis: Analysis): Mapping {
  const language = hints.text?.language;
  const analyzer = language && analysis.languages.has(language) ? language : 'text';
  // The last word of a search is a prefix of any length; indexed prefixes keep that from walking the dictionary.
  return { type: 'text', analyzer, index_prefixes: {} };
}
