import { PrejoinError } from '#kernel';
import { readDemoOptions } from './options.js';

describe('the options of the demo', () => {
  it('default to 3 000 orders of 500 customers and 300 products, until Ctrl-C', () => {
    expect(readDemoOptions([])).toEqual({
      size: { orders: 3_000, customers: 500, products: 300 },
      once: false,
    });
  });

  it('scale customers and products with the orders', () => {
    expect(readDemoOptions(['--orders', '600', '--once'])).toEqual({
      size: { orders: 600, customers: 100, products: 60 },
      once: true,
    });
  });

  it.each([['--orders', '0'], ['--orders', 'many'], ['--orders', '1.5'], ['--nope'], ['stray']])(
    'refuse %p with a sentence and where to find help',
    (...args) => {
      expect(() => readDemoOptions(args)).toThrow(PrejoinError);
      expect(faultOf(args)).toMatchObject({
        code: 'demo_misuse',
        remedy: 'npm run demo -- --help lists the options.',
      });
    },
  );
});

function faultOf(args: readonly string[]): unknown {
  try {
    return readDemoOptions(args);
  } catch (error) {
    return error;
  }
}
