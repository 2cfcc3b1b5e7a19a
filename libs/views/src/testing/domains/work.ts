import {
  array,
  constant,
  count,
  facet,
  id,
  many,
  one,
  oneOf,
  ref,
  source,
  string,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const user = source('user', { id: id(), name: string() });
const project = source('project', { id: id(), name: string(), memberIds: array(ref(user)) });
const task = source('task', {
  id: id(),
  projectId: ref(project),
  title: string(),
  assigneeIds: array(ref(user)),
  state: oneOf('todo', 'doing', 'done'),
});

/** An array of references, in its own order. */
export const tasks = view('tasks', task, (t) => ({
  kind: constant('task'),
  title: text(t.title),
  state: facet(t.state),
  project: one(t.projectId, (p) => p.name),
  assignees: many(t.assigneeIds, (u) => ({ id: u.id, name: facet(u.name) })),
}));

/** An array of references, backwards. */
export const workload = view('workload', user, (u) => ({
  name: u.name,
  open: count(task.assigneeIds, { where: { state: ['todo', 'doing'] } }),
  next: many(task.assigneeIds, { where: { state: 'todo' }, sort: ['-id'], limit: 3 }, (t) => t.title),
}));

const rows = {
  user: [
    { id: 'u1', name: 'Ida' },
    { id: 'u2', name: 'Jan' },
  ] satisfies StateOf<typeof user>[],
  project: [{ id: 'p1', name: 'House', memberIds: ['u1'] }] satisfies StateOf<typeof project>[],
  task: [
    { id: 't1', projectId: 'p1', title: 'Walls', assigneeIds: ['u2', 'gone', 'u1'], state: 'todo' },
    { id: 't2', projectId: 'p1', title: 'Roof', assigneeIds: ['u1'], state: 'todo' },
    { id: 't3', projectId: 'gone', title: 'Door', assigneeIds: [], state: 'done' },
    { id: 't4', projectId: 'p1', title: 'Floor', assigneeIds: ['u1'], state: 'doing' },
    { id: 't5', projectId: 'p1', title: 'Paint', assigneeIds: ['u1'], state: 'todo' },
    { id: 't6', projectId: 'p1', title: 'Lights', assigneeIds: ['u1'], state: 'todo' },
  ] satisfies StateOf<typeof task>[],
};

const ida = { id: 'u1', name: 'Ida' };
const ofHouse = { kind: 'task', project: 'House' } as const;
const taskDocuments: DocumentOf<typeof tasks>[] = [
  {
    id: 't1',
    kind: 'task',
    title: 'Walls',
    state: 'todo',
    project: 'House',
    assignees: [{ id: 'u2', name: 'Jan' }, ida],
  },
  { ...ofHouse, id: 't2', title: 'Roof', state: 'todo', assignees: [ida] },
  { id: 't3', kind: 'task', title: 'Door', state: 'done', project: null, assignees: [] },
  { ...ofHouse, id: 't4', title: 'Floor', state: 'doing', assignees: [ida] },
  { ...ofHouse, id: 't5', title: 'Paint', state: 'todo', assignees: [ida] },
  { ...ofHouse, id: 't6', title: 'Lights', state: 'todo', assignees: [ida] },
];

const userDocuments: DocumentOf<typeof workload>[] = [
  { id: 'u1', name: 'Ida', open: 5, next: ['Lights', 'Paint', 'Roof'] },
  { id: 'u2', name: 'Jan', open: 1, next: ['Walls'] },
];

export const work: Domain = {
  name: 'work',
  sources: [user, project, task],
  rows,
  views: [
    { view: tasks, documents: taskDocuments },
    { view: workload, documents: userDocuments },
  ],
};
