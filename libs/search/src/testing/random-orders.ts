import fc from 'fast-check';

/** Few words, near to each other: by a letter, a swap, an ending, case, signs and letters beyond ASCII. */
export const vocabulary = [
  'lamp', 'Lamps', 'lapm', 'blue', 'Blau', 'bluer', 'chair', 'chairs', 'anna', 'Hanna', 'Anne', 'Schmidt', 'schmitt',
  'morning', 'mornings', 'delivery', 'Deliver', 'devilery', "it's", "o'neil", '3.14', 'blue-lamp', 'Émile', 'émilie',
  'Straße', 'STRASSE', 'ÄRGER', 'ärger', 'naïve', '<b>', '&', 'e-mail', 'red', 'rad', 'r', 'x/y', 'ΣΊΣΥΦΟΣ', 'İzmir',
]; // prettier-ignore

export const word = fc.constantFrom(...vocabulary);
const phrase = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 5, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });

export const statuses = ['pending', 'confirmed', 'cancelled', 'Pending'];
export const tiers = ['gold', 'basic', 'silver'];
export const tags = ['red', 'Red', 'blue', 'blue-ish', 'green', 'a.*b', 'Émile', '😀', '\uffee'];
export const skus = ['A', 'B', 'a', 'AB', 'C-1'];

const start = Date.parse('2024-11-20T00:00:00Z');
const quarterHours = (days: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: days * 96 }).map((quarters) => start + quarters * 900_000);
const iso = (ms: number): string => new Date(ms).toISOString();
/** The same time as a clock two hours ahead shows it. */
const shifted = (ms: number): string => `${iso(ms + 7_200_000).slice(0, 19)}+02:00`;
export const instant = fc
  .tuple(quarterHours(700), fc.integer({ min: 0, max: 3 }))
  .map(([ms, form]) => (form === 0 ? shifted(ms) : form === 1 ? iso(ms + 1) : iso(ms)));
export const day = quarterHours(700).map((ms) => iso(ms).slice(0, 'YYYY-MM-DD'.length));
export const whole = fc.integer({ min: -3, max: 30 });
/** Quarters, so that sums are exact in whatever order. */
export const decimal = fc.integer({ min: -8, max: 40 }).map((quarters) => quarters / 4);
export const point = fc.record({
  lat: fc.integer({ min: 5200, max: 5300 }).map((cents) => cents / 100),
  lon: fc.integer({ min: 400, max: 500 }).map((cents) => cents / 100),
});

/** An order of `orderPlan` without its id, with few values so that whatever is asked finds some. */
export const order: fc.Arbitrary<Record<string, unknown>> = fc.record({
  status: orNull(fc.constantFrom(...statuses)),
  total: orNull(whole),
  weight: orNull(decimal),
  placedAt: orNull(instant),
  dueOn: orNull(day),
  gift: orNull(fc.boolean()),
  note: orNull(phrase),
  tags: fc.array(fc.constantFrom(...tags), { maxLength: 3 }),
  at: orNull(point),
  extra: fc.constantFrom(null, { any: [1, 'thing'] }),
  secret: orNull(word),
  customer: orNull(
    fc.record({
      id: fc.integer({ min: 1, max: 40 }).map((number) => `c${number}`),
      name: orNull(phrase),
      tier: orNull(fc.constantFrom(...tiers)),
    }),
  ),
  lines: orNull(
    fc.array(
      fc.record({
        quantity: orNull(whole),
        product: orNull(fc.record({ sku: fc.constantFrom(...skus), name: orNull(phrase) })),
      }),
      { maxLength: 4 },
    ),
  ),
  codes: orNull(
    fc.array(fc.record({ code: orNull(fc.constantFrom('x', 'y', 'Z')), count: orNull(whole) }), {
      maxLength: 3,
    }),
  ),
  payment: orNull(fc.record({ status: fc.constantFrom('paid', 'due'), paidAt: orNull(instant) })),
});
