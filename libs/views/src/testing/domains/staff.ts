import {
  facet,
  id,
  many,
  nullable,
  one,
  ref,
  self,
  source,
  string,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const department = source('department', { id: id(), name: string(), parentId: nullable(self()) });
const employee = source('employee', {
  id: id(),
  name: string(),
  managerId: nullable(self()),
  departmentId: ref(department),
});

/** References to the own source, up two steps and down one. */
export const people = view('people', employee, (e) => ({
  name: text(e.name),
  department: one(e.departmentId, (d) => ({
    name: facet(d.name),
    above: one(d.parentId, (p) => p.name),
  })),
  manager: one(e.managerId, (m) => ({ name: m.name, manager: one(m.managerId, (g) => g.name) })),
  reports: many(employee.managerId, { sort: 'name', limit: 50 }, (r) => ({ id: r.id, name: r.name })),
}));

const rows = {
  department: [
    { id: 'all', name: 'Company', parentId: null },
    { id: 'dev', name: 'Development', parentId: 'all' },
  ] satisfies StateOf<typeof department>[],
  employee: [
    { id: 'e1', name: 'Mia', managerId: null, departmentId: 'all' },
    { id: 'e2', name: 'Noor', managerId: 'e1', departmentId: 'dev' },
    { id: 'e3', name: 'Levi', managerId: 'e2', departmentId: 'dev' },
    { id: 'e4', name: 'Bram', managerId: 'e2', departmentId: 'gone' },
  ] satisfies StateOf<typeof employee>[],
};

const development = { name: 'Development', above: 'Company' };
const documents: DocumentOf<typeof people>[] = [
  {
    id: 'e1',
    name: 'Mia',
    department: { name: 'Company', above: null },
    manager: null,
    reports: [{ id: 'e2', name: 'Noor' }],
  },
  {
    id: 'e2',
    name: 'Noor',
    department: development,
    manager: { name: 'Mia', manager: null },
    reports: [
      { id: 'e4', name: 'Bram' },
      { id: 'e3', name: 'Levi' },
    ],
  },
  {
    id: 'e3',
    name: 'Levi',
    department: development,
    manager: { name: 'Noor', manager: 'Mia' },
    reports: [],
  },
  { id: 'e4', name: 'Bram', department: null, manager: { name: 'Noor', manager: 'Mia' }, reports: [] },
];

export const staff: Domain = {
  name: 'staff',
  sources: [department, employee],
  rows,
  views: [{ view: people, documents }],
};
