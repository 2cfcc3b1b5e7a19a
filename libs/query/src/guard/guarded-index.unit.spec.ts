import { beforeAll, describe, expect, test } from '@jest/globals';
import { memoryIndex, type FacetRequest, type SearchRequest } from '#search';
import { compile, guard, id, int, nullable, source, string, view, type Filter } from '#views';
import { servedView } from '../served-view.js';
import { guardedIndex } from './guarded-index.js';
import { guardedView, type GuardedValue, type GuardedView } from './guarded-view.js';

const thing = source(
  'thing',
  { id: id(), tenantId: nullable(string()), name: string(), rank: int() },
  { owner: 'things' },
);
const served = servedView(
  compile(view('things', thing, (t) => ({ tenantId: guard(t.tenantId), name: t.name, rank: t.rank }))),
);
const options = { deadlineMs: 1_000 };
/** Two tenants whose names differ in case only, and documents of nobody. */
const owners = ['acme', 'acme', 'Acme', 'Acme', 'Acme', null];

describe('The index as a caller may see it', () => {
  const memory = memoryIndex();
  const index = guardedIndex(memory);
  const seenBy = (tenantId: GuardedValue): GuardedView => guardedView(served, { tenantId });
  const acme = seenBy('acme');

  beforeAll(async () => {
    await memory.create('things', served.plan);
    await memory.write(
      owners.map((tenantId, at) => ({
        kind: 'index',
        index: 'things',
        id: `t${at}`,
        revision: 1,
        body: JSON.stringify({ id: `t${at}`, tenantId, name: `name ${at}`, rank: at }),
      })),
      1_000,
    );
  });

  const request: SearchRequest = {
    where: null,
    q: null,
    in: null,
    sort: [],
    fields: null,
    limit: 10,
    after: null,
    offset: 0,
  };
  const found = async (view: GuardedView, where: Filter | null = null): Promise<string> => {
    const { hits } = await index.search('things', view, { ...request, where }, options);
    return hits.map((hit) => hit.id).join(' ');
  };
  const ownerIs = (...values: string[]): Filter => ({
    kind: 'condition',
    field: 'tenantId',
    op: 'eq',
    values,
  });

  test('finds its documents to the letter, those of several owners, and all of them for staff', async () => {
    expect(await found(acme)).toBe('t0 t1');
    expect(await found(seenBy('Acme'))).toBe('t2 t3 t4');
    expect(await found(seenBy(['Acme', 'acme']))).toBe('t0 t1 t2 t3 t4');
    expect(await found(seenBy('ACME'))).toBe('');
    expect(await found(seenBy('*'))).toBe('t0 t1 t2 t3 t4 t5');
  });

  test('is only narrowed by what a caller asks', async () => {
    expect(await found(acme, ownerIs('Acme'))).toBe('');
    expect(await found(acme, { kind: 'or', of: [ownerIs('Acme'), ownerIs('acme')] })).toBe('t0 t1');
    expect(await found(acme, { kind: 'not', of: ownerIs('acme') })).toBe('');
    expect(await found(acme, { kind: 'and', of: [{ kind: 'or', of: [] }] })).toBe('');
    expect(await found(acme, { kind: 'and', of: [] })).toBe('t0 t1');
  });

  test('counts, measures and suggests what the caller may see, also by the guarded field itself', async () => {
    const facet: FacetRequest = {
      name: 'tenantId',
      facet: { kind: 'values', field: 'tenantId', limit: 10, selected: ['Acme'] },
      // A facet ignores the condition on its own field.
      where: null,
    };
    const { facets, total } = await index.search(
      'things',
      acme,
      { ...request, where: ownerIs('Acme'), facets: [facet] },
      options,
    );
    expect(total).toBe(0);
    expect(facets).toEqual({
      tenantId: {
        kind: 'values',
        values: [
          { value: 'acme', count: 2 },
          { value: 'Acme', count: 0 },
        ],
        other: 0,
      },
    });
    const stats = { where: null, q: null, in: null, by: null, limit: 1 };
    const metrics = [{ op: 'sum', field: 'rank' }] as const;
    expect(await index.stats('things', acme, { ...stats, metrics }, options)).toEqual({
      groups: [{ key: null, count: 2, metrics: [1] }],
      other: 0,
    });
    const suggest = { field: 'tenantId', prefix: 'ac', where: null, limit: 10 };
    expect(await index.suggest('things', acme, suggest, options)).toEqual([{ value: 'acme', count: 2 }]);
  });

  test('gets by id what the caller may see, and nothing else', async () => {
    expect(await index.get('things', acme, 't0', options)).toMatchObject({ id: 't0' });
    expect(await index.get('things', acme, 't2', options)).toBeNull();
    expect(await index.get('things', acme, 't5', options)).toBeNull();
    expect(await index.get('things', seenBy('*'), 't5', options)).toMatchObject({ id: 't5' });
    const many = await index.getMany('things', acme, ['t5', 't4', 't1', 't9'], options);
    expect([...many.keys()]).toEqual(['t1']);
  });
});
