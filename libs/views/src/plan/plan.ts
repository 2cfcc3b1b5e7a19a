/**
 * The compiled form of a view: plain JSON with a stable fingerprint, stored with every generation. Only plans are run;
 * shape functions run once, when the view is declared.
 */
export interface Plan {
  readonly view: string;
  /** SHA-256 over the canonical JSON of everything else here, first 12 hex digits. Part of the index name. */
  readonly fingerprint: string;
  /** The source of the root. */
  readonly root: string;
  readonly where: Filter | null;
  /** The default order of lists: `column` is the document's field. */
  readonly sort: readonly SortKey[];
  /** All joins, parents before children; the first is the root itself, whose id is ''. */
  readonly levels: readonly Level[];
  readonly shape: ShapeNode;
}

/** `'lines.productId'`: the path of a column in a source's state; a dot enters a list. */
export type ColumnPath = string;

/** One set of rows that a document needs. */
export interface Level {
  /** Unique within the plan and stable: the document path of the join ('customer', 'lines.product'), '' for the root. */
  readonly id: string;
  readonly source: string;
  /** The level whose rows lead here; null for the root. */
  readonly parent: string | null;
  readonly link: Link | null;
  /** Which partner rows count, beside not being deleted. */
  readonly where: Filter | null;
  /** The order of several partners; ties are always broken by id. */
  readonly sort: readonly SortKey[];
  /** The most partner rows per key; null is unbounded. */
  readonly limit: number | null;
  /** Every top-level column of the source that this level reads (shape, keys, where, sort, compute). */
  readonly columns: readonly string[];
  /** Where the value of a column is found when an older event does not have it. Absent when no column needs it. */
  readonly fallbacks?: readonly Fallback[];
  /**
   * Set on a backward level of which the database picks the first rows by key, or rolls them up, since any number may
   * have one key. The columns that it filters, sorts and rolls up by: top-level ones stand in the copies as columns of
   * their own, those of list items are read from the items.
   */
  readonly derived?: readonly DerivedColumn[];
  /** The rows are not loaded one by one: one value is, for each key. Only with `derived`. */
  readonly rollUp?: RollUp;
}

export interface DerivedColumn {
  readonly column: ColumnPath;
  readonly kind: ValueKind;
  /** The column holds a list of values of this kind. */
  readonly array: boolean;
}

/** One value made of many rows, or of the items of a list. Nulls are left out of all but a count of the rows themselves. */
export interface RollUp {
  /** `count` and `sum` of nothing are 0, the others are null. */
  readonly fn: 'count' | 'sum' | 'avg' | 'min' | 'max';
  /** What is rolled up; null counts the rows or items themselves. */
  readonly value: DerivedColumn | null;
  /** Equal values count once (`count` only). */
  readonly distinct: boolean;
}

/** `was`: the name that the column had before; `default`: what stands for it when neither name is there. */
export interface Fallback {
  readonly column: ColumnPath;
  readonly was?: string;
  readonly default?: FilterValue;
}

/**
 * How the rows of a level are found from its parent's rows.
 *
 * `forward`: the parent's column (of a list item when the path has a dot, several values when `many`) holds ids of this
 * level's rows. `backward`: this level's column holds the id of the parent's row; `many` when the column is an array or
 * lies in a list. A column 'id' is a shared key. A backward column in a list ('lines.productId') leads to the items that
 * hold the key, each with the row that owns it: filters, sorts and roll-ups name the item's columns with their list
 * ('lines.quantity') and the owner's without ('status').
 *
 * `by` is set when the reference holds another unique column than the id (`ref(product, 'sku')`): the column's name in the
 * row pointed at, which is this level's row (`forward`) or the parent's (`backward`). `was` is the name that the column
 * read from the parent had in older events.
 */
export type Link =
  | {
      readonly kind: 'forward';
      readonly column: ColumnPath;
      readonly many: boolean;
      readonly by?: string;
      readonly was?: string;
    }
  | {
      readonly kind: 'backward';
      readonly column: ColumnPath;
      readonly many: boolean;
      readonly by?: string;
      readonly was?: string;
    };

export interface SortKey {
  readonly column: ColumnPath;
  readonly descending: boolean;
  /** Compare as points in time, since RFC 3339 spells one instant in many ways; absent: strings by code point, else by value. */
  readonly as?: 'instant';
}

/** The one filter grammar, normalized. Columns (in plans) and dotted fields (in queries) are both `field`. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  | {
      readonly kind: 'condition';
      readonly field: string;
      readonly op: FilterOp;
      readonly values: readonly FilterValue[];
      /** As in `SortKey`. */
      readonly as?: 'instant';
    };

export type FilterValue = string | number | boolean;
/**
 * `eq` and `all` take any number of values (none matches nothing), `ne` one or more; `exists` takes one boolean; the others take
 * one value. A missing value matches `exists: false` only, so not even `ne`. Of several values (an array), `ne` holds
 * when none equals, `all` when each of its values equals one of them, the others when any does. `near` takes latitude,
 * longitude and metres: a point on the sphere at most so far away. `all` and `near` are asked of documents, not of the
 * columns of a declaration.
 */
export type FilterOp = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'exists' | 'prefix' | 'all' | 'near';

/** `ref` columns are kind 'id'; `oneOf` columns are kind 'enum'. */
export type ValueKind =
  | 'id'
  | 'string'
  | 'prose'
  | 'int'
  | 'decimal'
  | 'money'
  | 'instant'
  | 'day'
  | 'bool'
  | 'enum'
  | 'geo'
  | 'json';

export interface Hints {
  readonly text?: { readonly weight: number; readonly language: string | null };
  readonly facet?: true;
  readonly guard?: true;
  /** Returned, not indexed. */
  readonly carry?: true;
}

/**
 * The tree of a document. What a node reads is relative to its row: a source's row, or an item of a list column. The
 * root's first field is always `id`.
 */
export type ShapeNode =
  | { readonly node: 'object'; readonly fields: readonly { readonly name: string; readonly of: ShapeNode }[] }
  | ValueNode
  | ConstantNode
  /** One partner row by a level: null (or `required`: the owner is absent) without one. */
  | {
      readonly node: 'one';
      readonly level: string;
      readonly required: boolean;
      readonly of: ShapeNode;
      /** Stands for the whole when it is null; only where `of` is a single value (`orElse(one(…), 0)`). */
      readonly orElse?: FilterValue;
    }
  /** Partner rows by a level, in order. */
  | { readonly node: 'many'; readonly level: string; readonly flat: boolean; readonly of: ShapeNode }
  /** The items of a list column of this row, in the order published. */
  | {
      readonly node: 'items';
      readonly column: string;
      readonly flat: boolean;
      readonly where: Filter | null;
      readonly of: ShapeNode;
    }
  | RollUpNode
  | ComputeNode;

export interface ValueNode {
  readonly node: 'value';
  readonly column: string;
  /** Among the items of a backward level: the column is one of the row that owns the item (`parent`). */
  readonly ofOwner?: true;
  readonly kind: ValueKind;
  /** The column holds a list of values of this kind. */
  readonly array: boolean;
  readonly nullable: boolean;
  /** The values that `oneOf` declares: strict when publishing, open when receiving. */
  readonly values?: readonly string[];
  readonly currency?: string;
  /** Stands for null (`orElse`). */
  readonly orElse?: FilterValue;
  readonly hints: Hints;
}

export interface ConstantNode {
  readonly node: 'constant';
  readonly value: FilterValue;
  readonly kind: ValueKind;
  readonly hints: Hints;
}

/** `count`, `sum`, `avg`, `min` or `max`: of the items of a list of this row, or of the rows of a level. */
export interface RollUpNode {
  readonly node: 'rollUp';
  readonly over: { readonly items: string; readonly where: Filter | null } | { readonly level: string };
  readonly rollUp: RollUp;
  readonly kind: ValueKind;
  /** `avg`, `min` and `max` of nothing. */
  readonly nullable: boolean;
  readonly currency?: string;
  /** Stands for null (`orElse`). */
  readonly orElse?: FilterValue;
  readonly hints: Hints;
}

/** A pure function of other nodes. The function is found by `key` in the process: a plan from elsewhere may name one that this process lacks. */
export interface ComputeNode {
  readonly node: 'compute';
  /** `<sha256 of the function's text, 12 digits>` or `v:<document path>:<version>`. */
  readonly key: string;
  readonly inputs: readonly ShapeNode[];
  readonly kind: ValueKind;
  readonly nullable: boolean;
  /** The values that `compute(oneOf(…), …)` declares. */
  readonly values?: readonly string[];
  readonly currency?: string;
  /** Stands for null (`orElse`). */
  readonly orElse?: FilterValue;
  readonly hints: Hints;
}

/**
 * How a change of one source's row reaches the roots of a view (design rule 4).
 *
 * Without steps the changed row itself holds the root ids at `start`: they are marked by the trigger. With steps a
 * fan-out row is written for each key at `start`, and the steps are looked up later, in order: each takes ids, matches
 * them against `match` of `source`'s copies, and gives what `give` holds there. `'id'` is the row's own id.
 */
export interface Route {
  readonly view: string;
  /** Stable within the plan: the level's id. */
  readonly level: string;
  readonly source: string;
  readonly start: ColumnPath;
  readonly steps: readonly {
    readonly source: string;
    readonly match: ColumnPath;
    readonly give: ColumnPath;
  }[];
  /** A change to none of these top-level columns (nor of `deleted`) changes no document by this route. */
  readonly columns: readonly string[];
}
