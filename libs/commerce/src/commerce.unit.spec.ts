import { readdirSync, readFileSync } from 'node:fs';
import { check, checkSources, compile, envelopeSchema, fieldsOf, routesOf } from '#views';
import { orderSearch, sources, views } from './index.js';

describe('the commerce domain', () => {
  it('declares sources and views without faults', () => {
    expect(checkSources(sources)).toEqual([]);
    expect(views.flatMap((view) => check(view))).toEqual([]);
  });

  it('has the plan, routes and fields of order-search that were reviewed', () => {
    const plan = compile(orderSearch);
    // The key of the compute function is its text as the compiler at hand prints it, so it is not pinned here.
    const pinned = JSON.stringify(plan, null, 1)
      .replace(plan.fingerprint, '<fingerprint>')
      .replace(/"key": "[0-9a-f]{12}"/, '"key": "<key>"');
    expect(pinned).toMatchSnapshot();
    expect(routesOf(plan)).toMatchSnapshot();
    expect(fieldsOf(plan).map((field) => field.path)).toMatchSnapshot();
  });

  it('has one JSON Schema in docs/events for each source, as it is declared now', () => {
    const folder = new URL('../../../docs/events/', import.meta.url);
    const stored = readdirSync(folder).filter((file) => file.endsWith('.schema.json'));
    expect(stored.sort()).toEqual(sources.map((source) => `${source.name}.schema.json`).sort());
    for (const source of sources) {
      const text = readFileSync(new URL(`${source.name}.schema.json`, folder), 'utf8');
      // When this fails: npm run build, then node scripts/write-event-schemas.mjs.
      expect(JSON.parse(text)).toEqual(envelopeSchema(source));
    }
  });
});
