import { canonicalJson, type Plan, type SourceDescription } from '#views';
import { indexDefinition } from '#search';
import { bodyIn, bodyOf, jsonIn, lockText, readableJson, sectionsIn, type Section } from './lock-text.js';
import { sourceChanges } from './source-changes.js';
import { lockedSources, sourceSections, sourcesInLock } from './sources-lock.js';
import { additive, breaking, verdictOf, type LockChange } from './verdict.js';
import { viewChanges } from './view-changes.js';
import { fieldLine, lockedFields } from './view-fields.js';

/** One domain as it is declared now. */
export interface DeclaredDomain {
  readonly name: string;
  readonly sources: readonly SourceDescription[];
  readonly views: readonly DeclaredView[];
}

export interface DeclaredView {
  readonly plan: Plan;
  /** The name that the view had before. */
  readonly was: string | null;
}

/** What a lock has to hold. */
export interface LockFile {
  readonly domain: string;
  /** Its path in the domain's folder: `views/order-search.lock`. */
  readonly file: string;
  readonly text: string;
}

/** The text of a lock as it was committed, or null when there is none. */
export type Committed = (domain: string, file: string) => string | null;

/**
 * All locks of these domains: of each view its plan and index, of each domain's sources their columns, copies and
 * triggers. The same declarations give the same text on every machine, from one compiler: the key of a compute function
 * is its text as tsc prints it.
 *
 * A head says what the last change did. It is kept as committed while the rest is as committed, so that writing again
 * changes nothing, and is made anew against the committed lock as long as the change is not committed.
 *
 * @throws {LockUnreadableError} when a committed lock can not be understood
 */
export function lockFiles(domains: readonly DeclaredDomain[], committed: Committed): readonly LockFile[] {
  const sources = domains.flatMap((domain) => domain.sources);
  const plans = domains.flatMap((domain) => domain.views.map(({ plan }) => plan));
  return domains.flatMap((domain) => [
    sourcesLock(domain, sources, plans, committed),
    ...domain.views.map((view) => viewLock(domain.name, view, committed)),
  ]);
}

const viewFile = (view: string): string => `views/${view}.lock`;
const sourcesFile = 'sources.lock';

function viewLock(domain: string, { plan, was }: DeclaredView, committed: Committed): LockFile {
  const file = viewFile(plan.view);
  const index = definitionOf(plan);
  const sections: readonly Section[] = [
    { name: 'fingerprint', text: plan.fingerprint },
    { name: 'fields', text: lockedFields(plan).map(fieldLine).join('\n') },
    { name: 'plan', text: readableJson(plan) },
    { name: 'index', text: readableJson(index) },
  ];
  return {
    domain,
    file,
    text: textOf(`The view ${plan.view}, compiled.`, sections, committed(domain, file), (old) => {
      if (old !== null)
        return [...viewChanges(planIn(file, old), plan), ...indexChanges(file, old, plan, index)];
      const renamed = was === null ? null : committed(domain, viewFile(was));
      return was === null || renamed === null
        ? [additive(`${plan.view}: the view is new; a projector builds its first generation when it starts`)]
        : [renameOf(plan, was), ...withoutNeeds(viewChanges(planIn(viewFile(was), renamed), plan))];
    }),
  };
}

function renameOf({ view }: Plan, was: string): LockChange {
  return breaking(
    `renamed from ${was}: a projector builds its first generation when it starts, and readers find it under ${view}. ` +
      `What was built of ${was} is kept current until: npx prejoin drop-view ${was}`,
  );
}

/** What changes together with the name is in the first generation under the new one. */
function withoutNeeds(changes: readonly LockChange[]): readonly LockChange[] {
  return changes.map((change) => ({ ...change, needs: [] }));
}

/** A release of Prejoin may map the same plan otherwise. */
function indexChanges(file: string, old: string, plan: Plan, index: unknown): readonly LockChange[] {
  const sections = sectionsIn(old);
  const same = canonicalJson(jsonIn(sections, file, 'index')) === canonicalJson(index);
  if (same || planIn(file, old).fingerprint !== plan.fingerprint) return [];
  return [
    additive(
      'the index is defined otherwise, with the same plan; an index that stands keeps its own',
      'a rebuild',
    ),
  ];
}

/** Without the plan that the index carries, which stands in the lock already. What the server can do may add to it. */
function definitionOf(plan: Plan): unknown {
  const { settings, mappings } = indexDefinition(plan);
  const { _meta, ...mapping } = mappings as Readonly<Record<string, unknown>>;
  return { settings, mappings: mapping };
}

/** Written from a plan by this module; what was edited by hand shows as a difference. */
function planIn(file: string, text: string): Plan {
  return jsonIn(sectionsIn(text), file, 'plan') as Plan;
}

function sourcesLock(
  { name: domain, sources: own }: DeclaredDomain,
  all: readonly SourceDescription[],
  plans: readonly Plan[],
  committed: Committed,
): LockFile {
  const sources = lockedSources(own, all, plans);
  const sections = sourceSections(sources);
  return {
    domain,
    file: sourcesFile,
    text: textOf(
      `The sources of ${domain}, and their copies.`,
      sections,
      committed(domain, sourcesFile),
      (old) =>
        old === null
          ? [additive('the sources are new')]
          : [...sourceChanges(sourcesInLock(sourcesFile, old), sources), ...functionChanges(sections, old)],
    ),
  };
}

function functionChanges(sections: readonly Section[], old: string): readonly LockChange[] {
  const text = sections.find(({ name }) => name === 'functions')?.text;
  if (sectionsIn(old).get('functions') === text) return [];
  return [additive('the functions that derive columns are other ones; columns that stand keep their values')];
}

function textOf(
  title: string,
  sections: readonly Section[],
  committed: string | null,
  changes: (old: string | null) => readonly LockChange[],
): string {
  if (committed !== null && bodyIn(committed) === bodyOf(sections)) return committed;
  return lockText(title, verdictOf(changes(committed)), sections);
}
