import {
  compute,
  day,
  facet,
  id,
  instant,
  list,
  money,
  one,
  ref,
  source,
  string,
  sum,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const debtor = source('debtor', { id: id(), name: string() });
const invoice = source('invoice', {
  id: id(),
  debtorId: ref(debtor),
  number: string(),
  dueOn: day(),
  amount: money('EUR'),
  receipts: list({ at: instant(), amount: money('EUR') }),
});

/** A roll-up of the row's own list, and a value computed from the whole of it. How overdue it is, is asked in queries. */
export const receivables = view('receivables', invoice, (i) => ({
  number: i.number,
  dueOn: facet(i.dueOn),
  debtor: one(i.debtorId, (d) => ({ name: text(d.name) })),
  paid: sum(i.receipts, (r) => r.amount),
  open: compute(
    money('EUR'),
    [i.amount, i.receipts],
    (amount, receipts) => amount - receipts.reduce((total, receipt) => total + receipt.amount, 0),
  ),
}));

const rows = {
  debtor: [{ id: 'd1', name: 'Acme' }] satisfies StateOf<typeof debtor>[],
  invoice: [
    {
      id: 'i1',
      debtorId: 'd1',
      number: '2026-001',
      dueOn: '2026-02-28',
      amount: 10000,
      receipts: [
        { at: '2026-02-01T00:00:00Z', amount: 2500 },
        { at: '2026-02-02T00:00:00Z', amount: 2501 },
      ],
    },
    { id: 'i2', debtorId: 'gone', number: '2026-002', dueOn: '2026-03-31', amount: 500, receipts: [] },
  ] satisfies StateOf<typeof invoice>[],
};

const documents: DocumentOf<typeof receivables>[] = [
  { id: 'i1', number: '2026-001', dueOn: '2026-02-28', debtor: { name: 'Acme' }, paid: 5001, open: 4999 },
  { id: 'i2', number: '2026-002', dueOn: '2026-03-31', debtor: null, paid: 0, open: 500 },
];

export const billing: Domain = {
  name: 'billing',
  sources: [debtor, invoice],
  rows,
  views: [{ view: receivables, documents }],
};
