import fc from 'fast-check';
import type { Generated } from './requests.js';

/** What a header can carry: the rest is refused before it is sent. */
const anything = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code === 0x7f ? 0x20 : code)),
  maxLength: 20,
});

const write = fc
  .tuple(
    fc.constantFrom('order', 'customer', 'payment', 'nothing', 'or%2Fder'),
    fc.constantFrom('o1', 'c1', 'nobody', 'a%40b', '%E0%A4%A', ''),
    fc.constantFrom('1', '7', '2.3', '0', '-1', '9007199254740993', 'x'),
  )
  .map(([source, id, version]) => `${source}/${id}@${version}`);

const after = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('order/o1@7', 'customer/c1@2.3, order/o1@1', 'place/dam@1') },
  { weight: 3, arbitrary: fc.array(write, { minLength: 1, maxLength: 3 }).map((some) => some.join(', ')) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 21 }, (_, at) => `order/o${at}@1`).join()) },
  { weight: 1, arbitrary: anything },
);

const prefer = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('wait=2', 'wait=0', 'wait=99', 'respond-async, wait=1') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('wait', 'wait=-1', 'wait=1e9', 'wait="2"', ';;', 'wait=2; wait=3'),
  },
  { weight: 1, arbitrary: anything },
);

const copy = fc.oneof(fc.constantFrom('"7"', 'W/"7"', '*', '"1", "7"', '7', '"'), anything);

/** The requests with headers of their own: mostly none, at times all that there are, and what `more` says beside them. */
export function withHeaders(
  requests: fc.Arbitrary<Generated>,
  more: fc.Arbitrary<Readonly<Record<string, string>>> = fc.constant({}),
): fc.Arbitrary<Generated> {
  const own = fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.record(
        { 'Prejoin-After': after, Prefer: prefer, 'If-None-Match': copy },
        { requiredKeys: [] },
      ),
    },
  );
  // A get is what it means something for, and one that finds a document is rare enough.
  const kept = fc.option(
    copy.map((text) => ({ 'If-None-Match': text })),
    { nil: {} },
  );
  return fc.tuple(requests, own, kept, more).map(([request, headers, copied, others]) => ({
    ...request,
    headers: { ...headers, ...(request.operation.path.endsWith('/{id}') ? copied : {}), ...others },
  }));
}
