import { describeDocument } from './describe.js';

/** Questions that a join across five databases would be needed for. */
export const questions: readonly { readonly ask: string; readonly view: string; readonly query: string }[] = [
  { ask: 'The newest orders', view: 'order-search', query: 'limit=3' },
  {
    ask: "Gold customers' confirmed orders over 500 euro, dearest first",
    view: 'order-search',
    query: 'customer.tier=gold&status=confirmed&total[gte]=50000&sort=-total&limit=3',
  },
  {
    ask: 'Paid but not yet delivered',
    view: 'order-search',
    query: 'payment.status=paid&shipment.status=created,shipped&limit=3',
  },
  {
    ask: 'Confirmed, and nobody has paid',
    view: 'order-search',
    query: 'status=confirmed&payment.paidAt[exists]=false&limit=3',
  },
  { ask: 'Something of steel, by whatever name', view: 'order-search', query: 'q=steel&limit=3' },
  {
    ask: 'Three or more of one thing that costs over 300 euro, in the same line',
    view: 'order-search',
    query: 'lines.quantity[gte]=3&lines.unitPrice[gt]=30000&limit=3',
  },
  {
    ask: 'Only some fields',
    view: 'order-search',
    query: 'fields=status,customer.name,total&sort=-total&limit=3',
  },
  { ask: 'The customers who spent most', view: 'customer-overview', query: 'sort=-spent&limit=3' },
  {
    ask: 'What open orders wait for, most wanted first',
    view: 'product-demand',
    query: 'openOrders[gte]=1&sort=-openOrders,-unitsOrdered&limit=3',
  },
  {
    ask: 'On the road, and something of steel in it',
    view: 'shipment-tracking',
    query: 'status=shipped&q=steel&limit=3',
  },
];

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly total: number;
  readonly totalIsExact: boolean;
}

/** Asks each question once to warm up and once to measure, and prints the answers with their latency in milliseconds. */
export async function askQuestions(queryUrl: string, print: (line: string) => void): Promise<void> {
  for (const { ask, view, query } of questions) {
    const path = `/views/${view}?${query}`;
    await fetch(`${queryUrl}${path}`).then((response) => response.arrayBuffer());
    const startedAt = performance.now();
    const response = await fetch(`${queryUrl}${path}`);
    const text = await response.text();
    const ms = performance.now() - startedAt;
    print(`\n${ask}\n  GET ${path}`);
    if (!response.ok) print(`  ${response.status} ${text}`);
    else printPage(view, JSON.parse(text) as Page, ms, print);
  }
}

function printPage(
  view: string,
  { data, total, totalIsExact }: Page,
  ms: number,
  print: (line: string) => void,
): void {
  print(`  ${totalIsExact ? '' : 'over '}${total.toLocaleString('en')} found in ${ms.toFixed(1)} ms`);
  for (const document of data) print(`    ${describeDocument(view, document)}`);
}
