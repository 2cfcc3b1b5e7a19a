import { describe, expect, test } from '@jest/globals';
import { compile, guard, id, nullable, one, ref, source, string, view } from '#views';
import { served } from '../testing/views.js';
import { servedView } from '../served-view.js';
import { GuardMissingError } from './errors.js';
import {
  guardedView,
  guardFilters,
  guardMark,
  isVisible,
  type Guarded,
  type GuardedOf,
} from './guarded-view.js';

const team = source('team', { id: id(), name: string() }, { owner: 'teams' });
const deal = source(
  'deal',
  { id: id(), tenantId: nullable(string()), teamId: ref(team), title: string() },
  { owner: 'deals' },
);
const deals = view('deals', deal, (d) => ({
  tenantId: guard(d.tenantId),
  title: d.title,
  team: one(d.teamId, (t) => ({ name: guard(t.name) })),
}));
const guarded = servedView(compile(deals));
const secret = 'a secret of sixteen';

const of = (given: Guarded | null): ReturnType<typeof guardedView> => guardedView(guarded, given);
const both = of({ tenantId: 'a', 'team.name': ['x', 'y'] });
const document = (tenantId: unknown, name: unknown): string =>
  JSON.stringify({ id: 'd1', title: 'a', tenantId, team: name === undefined ? null : { name } });

describe('A guarded view', () => {
  test('knows its guarded fields by their paths, also those of a joined row', () => {
    expect(guarded.guards).toEqual(['tenantId', 'team.name']);
    expect(served.guards).toEqual([]);
  });

  test.each<[string, Guarded | null]>([
    ['nothing at all', null],
    ['no entry', { 'team.name': 'x' }],
    ['null', { tenantId: null, 'team.name': 'x' }],
    ['an empty text', { tenantId: '', 'team.name': 'x' }],
    ['an empty list', { tenantId: [], 'team.name': 'x' }],
    ['a list of empty texts', { tenantId: ['', ''], 'team.name': 'x' }],
    ['half of a surrogate pair', { tenantId: '\ud800', 'team.name': 'x' }],
    ['a number, which no type allows', { tenantId: 7, 'team.name': 'x' } as unknown as Guarded],
    ['a member that every object has', Object.create({ tenantId: 'a', 'team.name': 'x' }) as Guarded],
    ['staff of one field, and nothing for the other', { tenantId: '*' }],
  ])('is not given out for %s', (_what, given) => {
    expect(() => of(given)).toThrow(GuardMissingError);
  });

  test('of a view without guards needs nothing and restricts nothing', () => {
    const open = guardedView(served, null);
    expect([guardFilters(open), guardMark(open, secret)]).toEqual([[], null]);
    expect(isVisible(open, '{}')).toBe(true);
  });

  test('finds what has one of the values in each guarded field', () => {
    expect(guardFilters(both)).toEqual([
      { kind: 'condition', field: 'tenantId', op: 'eq', values: ['a'] },
      { kind: 'condition', field: 'team.name', op: 'eq', values: ['x', 'y'] },
    ]);
  });

  test.each<[boolean, unknown, unknown]>([
    [true, 'a', 'x'],
    [true, 'a', 'y'],
    [false, 'a', 'z'],
    [false, 'A', 'x'],
    [false, 'a ', 'x'],
    [false, 'a', 'X'],
    [false, null, 'x'],
    [false, undefined, 'x'],
    [false, ['a'], 'x'],
    [false, 'a', null],
    [false, 'a', undefined],
    [false, '*', 'x'],
  ])('shows (%j) a document with %j and %j', (shown, tenantId, name) => {
    expect(isVisible(both, document(tenantId, name))).toBe(shown);
  });

  test('shows staff everything, also what has no value', () => {
    const staff = of({ tenantId: '*', 'team.name': '*' });
    expect(guardFilters(staff)).toEqual([]);
    expect(isVisible(staff, document(null, undefined))).toBe(true);
    const ofTeam = of({ tenantId: '*', 'team.name': 'x' });
    expect([isVisible(ofTeam, document(null, 'x')), isVisible(ofTeam, document('a', 'y'))]).toEqual([
      true,
      false,
    ]);
  });

  test('takes an asterisk within a list as a value like any other', () => {
    const listed = of({ tenantId: ['*'], 'team.name': '*' });
    expect([isVisible(listed, document('*', 'x')), isVisible(listed, document('a', 'x'))]).toEqual([
      true,
      false,
    ]);
  });

  test('marks the same documents alike, others differently, and does not say which', () => {
    const mark = (given: Guarded): string | null => guardMark(of(given), secret);
    const one_ = mark({ tenantId: ['b', 'a', 'b'], 'team.name': '*' });
    expect(mark({ tenantId: ['a', 'b'], 'team.name': '*' })).toBe(one_);
    const others = [
      mark({ tenantId: 'a', 'team.name': '*' }),
      mark({ tenantId: 'A', 'team.name': '*' }),
      mark({ tenantId: '*', 'team.name': 'a' }),
      mark({ tenantId: 'a,b', 'team.name': '*' }),
      mark({ tenantId: '*', 'team.name': '*' }),
      guardMark(of({ tenantId: ['a', 'b'], 'team.name': '*' }), 'another secret of sixteen'),
    ];
    expect(new Set([one_, ...others]).size).toBe(others.length + 1);
    expect(one_).toMatch(/^[\w-]{22}$/);
  });

  test('has its paths in the type of what a host answers', () => {
    const right: GuardedOf<typeof deals> = { tenantId: 'a', 'team.name': ['x'] };
    // @ts-expect-error there is no such field
    const wrong: GuardedOf<typeof deals> = { tenant: 'a' };
    const answer: Guarded = right;
    expect([answer, wrong]).toHaveLength(2);
  });
});
