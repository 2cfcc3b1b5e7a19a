import { Faker, en, nl, base } from '@faker-js/faker';

/** One HTTP command, ready to be sent. */
export interface Command {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Commands that must be sent one after another; chains are independent of each other. */
export type Chain = readonly Command[];

export interface DataSetSize {
  readonly customers: number;
  readonly products: number;
  readonly orders: number;
}

export interface DataSet {
  /** Customers and products, with their stock. */
  readonly people: readonly Chain[];
  /** Orders with all that happens to them: confirmation or cancellation, payment, shipment. */
  readonly trade: readonly Chain[];
  /** Renames, moves to another tier, new prices, closed accounts, discontinued products. */
  readonly changes: readonly Chain[];
}

const tiers = ['basic', 'basic', 'basic', 'silver', 'silver', 'gold'] as const;
const carriers = ['PostNL', 'DHL', 'DPD', 'UPS'] as const;

/**
 * A shop's data, the same for the same size and seed. Ids are chosen here, so that commands can refer to each other
 * before anything has been sent.
 */
export function makeDataSet(size: DataSetSize, seed = 20_261): DataSet {
  // A Dutch shop whose catalogue is in English.
  const faker = new Faker({ locale: [nl, en, base], seed });
  const goods = new Faker({ locale: [en, base], seed });
  const customers = Array.from({ length: size.customers }, () => registerCustomer(faker));
  const products = Array.from({ length: size.products }, (_, i) => addProduct(goods, i));
  const trade = Array.from({ length: size.orders }, () => orderLife(faker, customers, products));
  return {
    people: [
      ...customers.map((command) => [command]),
      ...products.map((command) => [command, stockUp(faker, command)]),
    ],
    trade,
    changes: [
      ...customers.flatMap((c) => customerChanges(faker, c)),
      ...products.flatMap((p) => productChanges(goods, p)),
    ],
  };
}

type Create = Command & { readonly body: Readonly<Record<string, unknown>> & { readonly id: string } };

function registerCustomer(faker: Faker): Create {
  const firstName = faker.person.firstName();
  const lastName = faker.person.lastName();
  return {
    method: 'POST',
    path: '/customers',
    body: {
      id: faker.string.uuid(),
      name: `${firstName} ${lastName}`,
      email: faker.internet.email({ firstName, lastName, provider: 'example.com' }).toLowerCase(),
      tier: faker.helpers.arrayElement(tiers),
      address: {
        street: faker.location.streetAddress(),
        postalCode: faker.location.zipCode(),
        city: faker.location.city(),
        country: 'NL',
      },
    },
  };
}

function addProduct(faker: Faker, i: number): Create {
  return {
    method: 'POST',
    path: '/products',
    body: {
      id: faker.string.uuid(),
      sku: `${faker.string.alpha({ length: 2, casing: 'upper' })}-${String(i + 1).padStart(4, '0')}`,
      name: faker.commerce.productName(),
      price: faker.number.int({ min: 195, max: 49_995 }),
    },
  };
}

function stockUp(faker: Faker, product: Create): Command {
  return {
    method: 'POST',
    path: `/products/${product.body.id}/stock-adjustments`,
    body: { delta: faker.number.int({ min: 20, max: 500 }), reason: 'first delivery' },
  };
}

/** One order in five is never paid, one in twelve is cancelled; most of what is paid is shipped. */
function orderLife(faker: Faker, customers: readonly Create[], products: readonly Create[]): Chain {
  const id = faker.string.uuid();
  const lines = faker.helpers
    .arrayElements(products, { min: 1, max: Math.min(5, products.length) })
    .map((product) => ({
      productId: product.body.id,
      quantity: faker.number.int({ min: 1, max: 4 }),
      unitPrice: product.body['price'] as number,
    }));
  const subtotal = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  const discount = faker.datatype.boolean(0.2) ? Math.floor(subtotal / 10) : 0;
  const place: Command = {
    method: 'POST',
    path: '/orders',
    body: { id, customerId: faker.helpers.arrayElement(customers).body.id, lines, discount },
  };
  if (faker.datatype.boolean(0.08)) return [place, { method: 'POST', path: `/orders/${id}/cancellation` }];
  if (faker.datatype.boolean(0.2)) return [place];
  return [
    place,
    { method: 'POST', path: `/orders/${id}/confirmation` },
    ...paymentLife(faker, id, subtotal - discount),
  ];
}

function paymentLife(faker: Faker, orderId: string, amount: number): Chain {
  const id = faker.string.uuid();
  const authorize: Command = { method: 'POST', path: '/payments', body: { id, orderId, amount } };
  if (faker.datatype.boolean(0.15)) return [authorize];
  const capture: Command = { method: 'POST', path: `/payments/${id}/capture` };
  if (faker.datatype.boolean(0.04))
    return [authorize, capture, { method: 'POST', path: `/payments/${id}/refund` }];
  return [authorize, capture, ...shipmentLife(faker, orderId)];
}

function shipmentLife(faker: Faker, orderId: string): Chain {
  const id = faker.string.uuid();
  const chain: Command[] = [
    {
      method: 'POST',
      path: '/shipments',
      body: { id, orderId, carrier: faker.helpers.arrayElement(carriers) },
    },
    {
      method: 'POST',
      path: `/shipments/${id}/dispatch`,
      body: { trackingCode: faker.string.alphanumeric(12) },
    },
    { method: 'POST', path: `/shipments/${id}/delivery` },
  ];
  return chain.slice(0, faker.number.int({ min: 1, max: 3 }));
}

function customerChanges(faker: Faker, customer: Create): Chain[] {
  const path = `/customers/${customer.body.id}`;
  const die = faker.number.float();
  if (die < 0.06)
    return [
      [{ method: 'PATCH', path, body: { name: `${faker.person.firstName()} ${faker.person.lastName()}` } }],
    ];
  if (die < 0.1) return [[{ method: 'PUT', path: `${path}/tier`, body: { tier: 'gold' } }]];
  if (die < 0.12) return [[{ method: 'DELETE', path }]];
  return [];
}

function productChanges(faker: Faker, product: Create): Chain[] {
  const path = `/products/${product.body.id}`;
  const die = faker.number.float();
  if (die < 0.06) return [[{ method: 'PATCH', path, body: { name: faker.commerce.productName() } }]];
  if (die < 0.12)
    return [[{ method: 'PATCH', path, body: { price: faker.number.int({ min: 195, max: 49_995 }) } }]];
  if (die < 0.14) return [[{ method: 'DELETE', path }]];
  return [];
}
