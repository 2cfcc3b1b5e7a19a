// Writes docs/events/<source>.schema.json from the declared sources. Reads the built output: run after a build.
import { mkdir, writeFile } from 'node:fs/promises';
import { sources } from '#domains';
import { envelopeSchema } from '#views';

const folder = new URL('../docs/events/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const source of sources) {
  const file = new URL(`${source.name}.schema.json`, folder);
  await writeFile(file, `${JSON.stringify(envelopeSchema(source), null, 2)}\n`);
  console.log(`docs/events/${source.name}.schema.json`);
}
