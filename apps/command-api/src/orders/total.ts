/** The largest of each that an order takes. Their product, 10^15, stays well within 2^53, so totals are exact. */
export const orderLimits = { lines: 100, quantity: 10_000, unitPrice: 1_000_000_000 } as const;

/** The sum of the lines in minor units, before any discount: whole numbers only, so that nothing is ever rounded. */
export function totalOf(lines: readonly { readonly quantity: number; readonly unitPrice: number }[]): number {
  return lines.reduce((total, { quantity, unitPrice }) => total + quantity * unitPrice, 0);
}
