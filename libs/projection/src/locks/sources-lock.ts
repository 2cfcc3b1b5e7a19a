import { routesOf, type Plan, type SourceDescription } from '#views';
import { sharedFunctions } from '../copies/copy-table.js';
import { valueFunctions } from '../copies/value-functions.js';
import { unionOfRoutes } from '../marks/trigger-routes.js';
import { lockedSource, type LockedSource } from './locked-source.js';
import { jsonIn, readableJson, sectionIn, sectionsIn, type Section } from './lock-text.js';

/** The sources of one domain, with what all plans make of them. `all` are the sources of all domains. */
export function lockedSources(
  own: readonly SourceDescription[],
  all: readonly SourceDescription[],
  plans: readonly Plan[],
): ReadonlyMap<string, LockedSource> {
  const routes = unionOfRoutes(plans, routesOf);
  return new Map(
    own.map((source) => [source.name, lockedSource(source, all, plans, routes.get(source.name) ?? [])]),
  );
}

const parts = ['source', 'read by', 'copies', 'row facts', 'derived columns', 'indexes', 'triggers'] as const;
const sectionName = (part: (typeof parts)[number], source: string): string =>
  part === 'source' ? `source ${source}` : `${part}: ${source}`;

export function sourceSections(sources: ReadonlyMap<string, LockedSource>): readonly Section[] {
  const sections = [...sources.values()].flatMap(({ description, readBy, statements }) => {
    const text: Readonly<Record<(typeof parts)[number], string>> = {
      source: readableJson(description),
      'read by': readableJson(Object.fromEntries(readBy)),
      copies: statements.table,
      'row facts': statements.facts,
      'derived columns': statements.derived.map((statement) => `${statement};`).join('\n'),
      indexes: statements.indexes.map((statement) => `${statement};`).join('\n'),
      triggers: statements.triggers,
    };
    return parts.map((part) => ({ name: sectionName(part, description.name), text: text[part] }));
  });
  return [...sections, { name: 'functions', text: `${sharedFunctions.trim()}\n\n${valueFunctions.trim()}` }];
}

/** @throws {LockUnreadableError} */
export function sourcesInLock(file: string, text: string): ReadonlyMap<string, LockedSource> {
  const sections = sectionsIn(text);
  const names = [...sections.keys()].flatMap((name) => (name.startsWith('source ') ? [name.slice(7)] : []));
  return new Map(
    names.map((name) => {
      const of = (part: (typeof parts)[number]): string => sectionIn(sections, file, sectionName(part, name));
      const json = (part: (typeof parts)[number]): unknown => jsonIn(sections, file, sectionName(part, name));
      const lines = (part: (typeof parts)[number]): readonly string[] =>
        of(part)
          .split('\n')
          .flatMap((line) => (line === '' ? [] : [line.replace(/;$/, '')]));
      return [
        name,
        {
          // Written from a description by this module; what was edited by hand shows as a difference.
          description: json('source') as SourceDescription,
          readBy: new Map(Object.entries(json('read by') as Readonly<Record<string, readonly string[]>>)),
          statements: {
            table: of('copies'),
            // A lock from before there were any has no such section.
            facts: sections.get(sectionName('row facts', name)) ?? '',
            derived: lines('derived columns'),
            indexes: lines('indexes'),
            triggers: of('triggers'),
          },
        },
      ];
    }),
  );
}
