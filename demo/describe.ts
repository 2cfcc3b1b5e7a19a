type Fields = Readonly<Record<string, unknown>>;

/** A document of a view in one line. */
export function describeDocument(view: string, document: Fields): string {
  const cells = view in describers ? describers[view]?.(document) : undefined;
  return (cells ?? [JSON.stringify(document)]).filter((cell) => cell !== '').join('  ');
}

const describers: Readonly<Record<string, (document: Fields) => readonly string[]>> = {
  'order-search': describeOrder,
  'customer-overview': (customer) => [
    euro(customer['spent']),
    text(customer, 'name'),
    text(customer, 'tier'),
    `${String(customer['orders'])} orders, the last on ${text(customer, 'lastOrderAt').slice(0, 10) || 'no day'}`,
  ],
  'product-demand': (product) => [
    text(product, 'sku'),
    text(product, 'name'),
    `${String(product['openOrders'])} open orders, ${String(product['unitsOrdered'])} ordered in all, ${String(product['onHand'])} on hand`,
  ],
  'shipment-tracking': (shipment) => [
    text(shipment, 'statusText'),
    text(part(part(shipment, 'order'), 'customer'), 'name'),
    contents(part(shipment, 'order')),
  ],
};

function describeOrder(order: Fields): readonly string[] {
  const customer = part(order, 'customer');
  return [
    euro(order['total']),
    text(order, 'status').padEnd(9),
    order['customer'] === null ? 'closed account' : text(customer, 'name'),
    [text(customer, 'tier'), text(customer, 'city')].filter(Boolean).join(', '),
    [text(part(order, 'payment'), 'status'), text(part(order, 'shipment'), 'status')]
      .filter(Boolean)
      .join(', '),
    contents(order),
  ];
}

/** Fields that were not asked for are not there. */
function contents(order: Fields): string {
  const lines =
    (order['lines'] as { quantity: number; product: { name: string } | null }[] | undefined) ?? [];
  return lines.map((line) => `${line.quantity} × ${line.product?.name ?? 'unknown'}`).join(', ');
}

function part(document: Fields, name: string): Fields {
  return (document[name] as Fields | null | undefined) ?? {};
}

function text(document: Fields, name: string): string {
  const value = document[name];
  return typeof value === 'string' ? value : '';
}

function euro(cents: unknown): string {
  return (Number(cents) / 100).toLocaleString('en', { style: 'currency', currency: 'EUR' }).padStart(11);
}
