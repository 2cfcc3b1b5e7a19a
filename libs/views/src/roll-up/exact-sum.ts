/**
 * The sum of numbers as their shortest decimal texts say, rounded once at the end: the same whatever their order, and
 * the same as PostgreSQL's sum over `numeric`. Plain addition gives 0.30000000000000004 for 0.1 + 0.2, and another last
 * digit for another order, so that a document would change with the order of its rows.
 */
export function exactSum(values: readonly number[]): number {
  const decimals = values.map(decimalOf);
  const scale = decimals.reduce((lowest, { exponent }) => Math.min(lowest, exponent), 0);
  const sum = decimals.reduce(
    (total, { digits, exponent }) => total + digits * 10n ** BigInt(exponent - scale),
    0n,
  );
  return Number(`${sum}e${scale}`);
}

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function decimalOf(value: number): Decimal {
  if (Number.isSafeInteger(value)) return { digits: BigInt(value), exponent: 0 };
  const [mantissa = '0', power = '0'] = value.toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(`${whole}${fraction}`), exponent: Number(power) - fraction.length };
}
