/** Questions that a join across five databases would be needed for. */
export const questions: readonly { readonly ask: string; readonly query: string }[] = [
  { ask: 'The newest orders', query: 'limit=3' },
  {
    ask: "Gold customers' confirmed orders over 500 euro, dearest first",
    query: 'customer.tier=gold&status=confirmed&total[gte]=50000&sort=-total&limit=3',
  },
  { ask: 'Paid but not yet delivered', query: 'payment.status=paid&shipment.status=created,shipped&limit=3' },
  { ask: 'Confirmed, and nobody has paid', query: 'status=confirmed&payment.paidAt[exists]=false&limit=3' },
  { ask: 'Something of steel, by whatever name', query: 'q=steel&limit=3' },
  {
    ask: 'Three or more of one thing that costs over 300 euro, in the same line',
    query: 'lines.quantity[gte]=3&lines.unitPrice[gt]=30000&limit=3',
  },
  { ask: 'Only some fields', query: 'fields=status,customer.name,total&sort=-total&limit=3' },
];

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly total: number;
  readonly totalIsExact: boolean;
}

/** Asks each question once to warm up and once to measure, and prints the answers with their latency in milliseconds. */
export async function askQuestions(queryUrl: string, print: (line: string) => void): Promise<void> {
  for (const { ask, query } of questions) {
    const url = `${queryUrl}/views/order-search?${query}`;
    await fetch(url).then((response) => response.arrayBuffer());
    const startedAt = performance.now();
    const response = await fetch(url);
    const text = await response.text();
    const ms = performance.now() - startedAt;
    print(`\n${ask}\n  GET /views/order-search?${query}`);
    if (!response.ok) print(`  ${response.status} ${text}`);
    else printPage(JSON.parse(text) as Page, ms, print);
  }
}

function printPage({ data, total, totalIsExact }: Page, ms: number, print: (line: string) => void): void {
  print(`  ${totalIsExact ? '' : 'over '}${total.toLocaleString('en')} found in ${ms.toFixed(1)} ms`);
  for (const order of data) print(`    ${describeOrder(order)}`);
}

function describeOrder(order: Readonly<Record<string, unknown>>): string {
  const part = (name: string, field: string): string => {
    const value = (order[name] as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    return typeof value === 'string' ? value : '';
  };
  const euro = (order['total'] as number) / 100;
  const lines =
    (order['lines'] as { quantity: number; product: { name: string } | null }[] | undefined) ?? [];
  const what = lines.map((line) => `${line.quantity} × ${line.product?.name ?? 'discontinued'}`).join(', ');
  return [
    euro.toLocaleString('en', { style: 'currency', currency: 'EUR' }).padStart(11),
    String(order['status']).padEnd(9),
    order['customer'] === null ? 'closed account' : part('customer', 'name'),
    [part('customer', 'tier'), part('customer', 'city')].filter(Boolean).join(', '),
    [part('payment', 'status'), part('shipment', 'status')].filter(Boolean).join(', '),
    what,
  ]
    .filter((cell) => cell !== '')
    .join('  ');
}
