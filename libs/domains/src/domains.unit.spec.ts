import { readdirSync, readFileSync } from 'node:fs';
import { check, checkSources, compile, envelopeSchema } from '#views';
import { sources, views } from './index.js';

describe('the domains together', () => {
  it('declare sources and views without faults', () => {
    expect(checkSources(sources)).toEqual([]);
    expect(views.flatMap((view) => check(view))).toEqual([]);
  });

  it('share no name, since copies, queues and indices are called by it', () => {
    for (const names of [sources.map(({ name }) => name), views.map((view) => compile(view).view)])
      expect(names).toEqual([...new Set(names)]);
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
