import {
  bool,
  compute,
  count,
  facet,
  guard,
  id,
  instant,
  nullable,
  one,
  oneOf,
  orElse,
  prose,
  ref,
  source,
  string,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const agent = source('agent', { id: id(), name: string() });
const ticket = source('ticket', {
  id: id(),
  tenantId: string(),
  subject: string(),
  openedAt: instant(),
  dueAt: instant(),
  assigneeId: nullable(ref(agent)),
  priority: oneOf('low', 'high'),
});
const message = source('message', {
  id: id(),
  ticketId: ref(ticket),
  body: prose(),
  from: oneOf('customer', 'agent'),
  sentAt: instant(),
});

/** The latest of many, a filtered count, and a value that is computed from a join of its own. */
export const tickets = view('tickets', ticket, (t) => ({
  tenantId: guard(t.tenantId),
  subject: text(t.subject),
  dueAt: t.dueAt,
  priority: facet(t.priority),
  assignee: orElse(
    one(t.assigneeId, (a) => facet(a.name)),
    'nobody',
  ),
  latest: one(message.ticketId, { sort: '-sentAt' }, (m) => ({
    body: text(m.body),
    from: m.from,
    sentAt: m.sentAt,
  })),
  replies: count(message.ticketId, { where: { from: 'agent' } }),
  waiting: compute(
    bool(),
    [one(message.ticketId, { sort: '-sentAt' }, (m) => m.from)],
    (from) => from === 'customer',
  ),
}));

const broken = {
  tenantId: 'acme',
  subject: 'It is broken',
  openedAt: '2026-05-01T08:00:00Z',
  dueAt: '2026-05-02T08:00:00Z',
  assigneeId: null,
  priority: 'high',
} as const;

const rows = {
  agent: [{ id: 'kim', name: 'Kim' }] satisfies StateOf<typeof agent>[],
  ticket: [
    { ...broken, id: 't1', assigneeId: 'kim' },
    { ...broken, id: 't2' },
    { ...broken, id: 't3', assigneeId: 'gone' },
  ] satisfies StateOf<typeof ticket>[],
  message: [
    { id: 'm1', ticketId: 't1', body: 'Help', from: 'customer', sentAt: '2026-05-01T08:00:00Z' },
    { id: 'm2', ticketId: 't1', body: 'Which?', from: 'agent', sentAt: '2026-05-01T09:00:00Z' },
    { id: 'm3', ticketId: 't1', body: 'This one', from: 'customer', sentAt: '2026-05-01T12:00:00+02:00' },
    // Sent at the same time: the smaller id is the first.
    { id: 'm5', ticketId: 't2', body: 'Second', from: 'customer', sentAt: '2026-05-01T08:00:00Z' },
    { id: 'm4', ticketId: 't2', body: 'First', from: 'agent', sentAt: '2026-05-01T08:00:00Z' },
  ] satisfies StateOf<typeof message>[],
};

const shown = {
  tenantId: 'acme',
  subject: 'It is broken',
  dueAt: '2026-05-02T08:00:00Z',
  priority: 'high',
} as const;
const documents: DocumentOf<typeof tickets>[] = [
  {
    ...shown,
    id: 't1',
    assignee: 'Kim',
    latest: { body: 'This one', from: 'customer', sentAt: '2026-05-01T12:00:00+02:00' },
    replies: 1,
    waiting: true,
  },
  {
    ...shown,
    id: 't2',
    assignee: 'nobody',
    latest: { body: 'First', from: 'agent', sentAt: '2026-05-01T08:00:00Z' },
    replies: 1,
    waiting: false,
  },
  { ...shown, id: 't3', assignee: 'nobody', latest: null, replies: 0, waiting: false },
];

export const support: Domain = {
  name: 'support',
  sources: [agent, ticket, message],
  rows,
  views: [{ view: tickets, documents }],
};
