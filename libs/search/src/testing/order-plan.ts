import type { Hints, Plan, ShapeNode, ValueKind } from '#views';

const value = (kind: ValueKind, hints: Hints = {}, array = false): ShapeNode => ({
  node: 'value',
  column: 'unused',
  kind,
  array,
  nullable: true,
  hints,
});
const object = (fields: Record<string, ShapeNode>): ShapeNode => ({
  node: 'object',
  fields: Object.entries(fields).map(([name, of]) => ({ name, of })),
});
const one = (level: string, of: ShapeNode): ShapeNode => ({ node: 'one', level, required: false, of });
const items = (column: string, of: ShapeNode, flat = false): ShapeNode => ({
  node: 'items',
  column,
  flat,
  where: null,
  of,
});

/**
 * A plan with every kind of field, written by hand so that the tests of an index depend on the contract alone, and not on
 * the compiler. Levels are left out: an index reads only the shape.
 */
export const orderPlan: Plan = {
  view: 'order-search',
  fingerprint: '0123456789ab',
  root: 'order',
  where: null,
  sort: [{ column: 'placedAt', descending: true }],
  levels: [],
  shape: object({
    id: value('id'),
    status: value('enum', { facet: true }),
    total: value('money'),
    weight: value('decimal'),
    placedAt: value('instant'),
    dueOn: value('day'),
    gift: value('bool'),
    note: value('prose', { text: { weight: 1, language: 'german' } }),
    tags: value('string', {}, true),
    at: value('geo'),
    extra: value('json'),
    secret: value('string', { carry: true }),
    customer: one(
      'customer',
      object({
        id: value('id'),
        name: value('string', { text: { weight: 3, language: null } }),
        tier: value('enum'),
      }),
    ),
    lines: items(
      'lines',
      object({
        quantity: value('int'),
        product: one(
          'lines.product',
          object({ sku: value('string'), name: value('string', { text: { weight: 1, language: null } }) }),
        ),
      }),
    ),
    codes: items('codes', object({ code: value('string'), count: value('int') }), true),
    payment: one('payment', object({ status: value('enum'), paidAt: value('instant') })),
  }),
};
