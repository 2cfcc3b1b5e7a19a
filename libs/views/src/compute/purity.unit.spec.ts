import { impurities } from './purity.js';

const factor = 3;
type Lines = readonly { readonly amount: number; readonly tax: number }[];

describe('what a compute function uses beside its inputs', () => {
  it.each<[string, (...inputs: never[]) => unknown]>([
    ['arithmetic', (total: number, discount: number) => total - discount],
    ['a fold over a list', (lines: Lines) => lines.reduce((sum, line) => sum + line.amount, 0)],
    ['destructuring and defaults', ({ a, b = 2 }: { a: number; b?: number }) => a * b],
    [
      'locals and loops',
      (lines: Lines) => {
        let sum = 0;
        for (const { amount, tax } of lines) sum += amount * tax;
        return Math.round(sum);
      },
    ],
    ['object literals and conditionals', (a: number, b: number) => (a > b ? { kind: a, other: b } : null)],
    ['names inside strings and comments', (a: string) => /* Date */ `${a} on Date` + 'process'],
    ['pure built-ins', (a: string) => Number.parseInt(a, 10) + Math.max(1, a.length)],
    [
      'a function expression',
      function total(a: number): number {
        return a > 0 ? a : total(-a);
      },
    ],
  ])('nothing: %s', (_what, run) => {
    expect(impurities(run.toString())).toEqual([]);
  });

  it.each<[string, (...inputs: never[]) => unknown]>([
    ["'factor'", (a: number) => a * factor],
    ["'Date'", (a: number) => a + Date.now()],
    ["'Date'", () => new Date().toISOString()],
    ['Math.random', (a: number) => a * Math.random()],
    ["'process'", () => process.env['X']],
    ["'globalThis'", () => Object.keys(globalThis)],
    ["'crypto'", (a: string) => `${a}-${crypto.randomUUID()}`],
    ["'factor'", (a: number) => (a > 1 ? factor : a)],
    ["'factor'", (a: number) => ({ a: factor, b: a })],
    ["localeCompare(), which depends on the machine's locale", (a: string, b: string) => a.localeCompare(b)],
  ])('%s in %s', (found, run) => {
    expect(impurities(run.toString())).toContain(found);
  });

  it('is not known of a built-in function', () => {
    expect(impurities(String(Math.max))).toEqual([
      'a built-in or bound function, whose text can not be seen',
    ]);
  });
});
