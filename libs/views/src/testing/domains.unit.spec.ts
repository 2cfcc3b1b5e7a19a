import { assemble, check, compile, computesOf, contractOf, loadFrom } from '../index.js';
import { domains, type State } from './index.js';

const rowsOf = (states: readonly State[]) => states.map((data) => ({ id: data['id'] as string, data }));
const cases = domains.flatMap((domain) =>
  domain.views.map((expected) => [domain.name, expected.view.name, domain, expected] as const),
);

describe('the domains for tests', () => {
  it('have twelve views', () => {
    expect(cases).toHaveLength(12);
  });

  it.each(domains.map((domain) => [domain.name, domain] as const))(
    '%s: its rows are states that its sources may publish',
    (_name, { sources, rows }) => {
      expect(Object.keys(rows)).toEqual(sources.map(({ name }) => name));
      for (const source of sources) {
        const { faults } = contractOf(source);
        expect((rows[source.name] ?? []).flatMap((state) => faults(state))).toEqual([]);
      }
    },
  );

  it.each(cases)(
    '%s: %s compiles, and makes the documents written down',
    (_d, _v, domain, { view, documents }) => {
      expect(check(view).filter(({ severity }) => severity === 'error')).toEqual([]);
      const plan = compile(view);
      const tables = Object.fromEntries(
        Object.entries(domain.rows).map(([source, states]) => [source, rowsOf(states)]),
      );
      const rootIds = (tables[plan.root] ?? []).map(({ id }) => id);
      const made = assemble(plan, rootIds, loadFrom(plan, rootIds, tables), computesOf(view));
      expect(made).toEqual(
        rootIds.map((id) => ({ id, document: documents.find((document) => document['id'] === id) ?? null })),
      );
      expect(documents.map(({ id }) => id).filter((id) => !rootIds.includes(id as string))).toEqual([]);
    },
  );
});
