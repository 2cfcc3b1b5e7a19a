import { parseArgs } from 'node:util';
import { PrejoinError } from '#kernel';
import type { DataSetSize } from './data-set.js';

export interface DemoOptions {
  readonly size: DataSetSize;
  /** End by itself after the check, instead of staying up until Ctrl-C. */
  readonly once: boolean;
}

export const demoHelp = `npm run demo [-- --orders N] [-- --once]

  --orders N   how many orders to place (default 3000; customers and products scale with it)
  --once       end after the check, with exit code 0 if every order is served, joined and correct
  --help       this text

Examples:
  npm run demo
  npm run demo -- --orders 300 --once`;

/** @throws {PrejoinError} naming the option that is not understood */
export function readDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parse(args);
  if (values.help === true) return 'help';
  const orders = Number(values.orders);
  if (!Number.isInteger(orders) || orders < 1 || orders > 1_000_000) {
    throw misuse(`--orders must be a whole number from 1 to 1000000, and is "${values.orders}".`);
  }
  const scaled = (perThreeThousand: number): number =>
    Math.max(10, Math.round((orders * perThreeThousand) / 3_000));
  return { size: { orders, customers: scaled(500), products: scaled(300) }, once: values.once === true };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '3000' },
        once: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw misuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function misuse(message: string, cause?: unknown): PrejoinError {
  return new PrejoinError('demo_misuse', message, {
    remedy: 'npm run demo -- --help lists the options.',
    cause,
  });
}
