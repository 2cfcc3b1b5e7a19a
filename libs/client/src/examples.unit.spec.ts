import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the examples of docs/client.md', () => {
  const examples = read('examples.types.ts');
  const blocks = [...read('../../../docs/client.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code = '']) => code,
  );

  it('are several', () => {
    expect(blocks.length).toBeGreaterThan(8);
  });

  it.each(blocks)('are compiled word for word: %s', (code) => {
    expect(examples).toContain(code);
  });
});
