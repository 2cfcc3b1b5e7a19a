import {
  check,
  compile,
  count,
  id,
  many,
  nullable,
  one,
  ref,
  routesOf,
  source,
  string,
  text,
  view,
  ViewSpec,
  type DocumentOf,
} from '../index.js';

/* eslint-disable @typescript-eslint/no-unsafe-return -- beyond a misspelt column is any */

/** Two sources that refer to each other, and one that refers to itself, by getters. */
const department = source('department', {
  id: id(),
  name: string(),
  get headId() {
    return nullable(ref(employee));
  },
});
const employee = source('employee', { id: id(), name: string(), departmentId: ref(department) });
const person = source('person', {
  id: id(),
  name: string(),
  get bossId() {
    return nullable(ref(person));
  },
});

const employees = view('employees', employee, (e) => ({
  department: one(e.departmentId, (d) => ({
    name: d.name,
    head: one(d.headId, (h) => h.name),
    size: count(employee.departmentId),
  })),
  heads: many(department.headId, { limit: 2 }, (d) => d.name),
}));
const people = view('people', person, (p) => ({ boss: one(p.bossId, (b) => b.name) }));

describe('sources that refer to each other', () => {
  it('are joined around the cycle', () => {
    expect(check(employees).map(({ problem }) => problem)).toEqual([
      "Each change of a 'employee' builds every 'employee' that shares its 'department'.",
    ]);
    ViewSpec.for(employees)
      .given({
        department: [{ id: 'd', name: 'Dev', headId: 'e1' }],
        employee: [
          { id: 'e1', name: 'Mia', departmentId: 'd' },
          { id: 'e2', name: 'Levi', departmentId: 'd' },
        ],
      })
      .then({ id: 'e1', department: { name: 'Dev', head: 'Mia', size: 2 }, heads: ['Dev'] })
      .and({ id: 'e2', department: { name: 'Dev', head: 'Mia', size: 2 }, heads: [] })
      .when({ employee: { id: 'e1', name: 'Mia', departmentId: 'x' } })
      // The old department's members, and the one who left.
      .marks(['e1', 'e2'])
      .then({ id: 'e2', department: { name: 'Dev', head: 'Mia', size: 1 }, heads: [] });
  });

  it('may refer to themselves by a getter', () => {
    const boss: DocumentOf<typeof people> = { id: 'p1', boss: null };
    ViewSpec.for(people)
      .given({ person: [{ id: 'p1', name: 'Ann', bossId: null }] })
      .then(boss);
    expect(routesOf(compile(people)).map(({ steps }) => steps.length)).toEqual([0, 1]);
  });

  it('keep their rows apart for the compiler', () => {
    // @ts-expect-error 'name' belongs to 'person', not to this shape
    const leak = view('v', person, (p) => ({ boss: one(p.bossId, () => p.name) }));
    const beyond = view('w', employee, (e) => ({
      // @ts-expect-error Property 'nam' does not exist
      d: one(e.departmentId, (d) => one(d.headId, (h) => text(h.nam))),
    }));
    const problems = [leak, beyond].flatMap((declared) => check(declared)).map(({ problem }) => problem);
    expect(problems).toEqual([
      "'name' belongs to 'person', not to this shape.",
      "employee has no column 'nam'.",
    ]);
  });
});
