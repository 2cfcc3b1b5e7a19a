import { InvalidArgumentError } from 'commander';

/** Reads an argument that is a whole number from 1 to `most`; anything else is told with these bounds. */
export function wholeNumber(most = 999_999_999): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[1-9]\d{0,15}$/.test(text) || value > most)
      throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
    return value;
  };
}

/** As `wholeNumber`, for a quantity that may have a fraction: seconds, hours. */
export function quantity(
  unit: string,
  { least, most }: { readonly least: number; readonly most: number },
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`Give ${unit} from ${least} to ${most}.`);
    return value;
  };
}

/** How long a generation is kept. */
export const hours = quantity('hours', { least: 0, most: 8_760 });
