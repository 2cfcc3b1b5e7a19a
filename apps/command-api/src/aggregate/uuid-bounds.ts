const digits = '0123456789abcdef';
const template = '________-____-____-____-____________';

/**
 * The greatest UUID, in the form that PostgreSQL prints, whose text is not above `bound` by byte; null when there is
 * none. Ranges are cut at ids of copies, which may be any text, and a uuid column is compared with UUIDs alone.
 */
export function greatestUuidUpTo(bound: string): string | null {
  for (let at = 0; at < template.length; at += 1) {
    const char = bound[at];
    if (char !== undefined && allowedAt(at).includes(char)) continue;
    // The bound ends here, or leaves the form: whatever is the same up to here is above it, unless it can be below here.
    const lower = char === undefined ? null : greatestBelow(at, char);
    return lower === null ? stepDown(bound, at) : filled(bound.slice(0, at) + lower);
  }
  return bound.slice(0, template.length);
}

/** The greatest UUID that is below all that begin with the first `length` characters. */
function stepDown(bound: string, length: number): string | null {
  for (let at = length - 1; at >= 0; at -= 1) {
    const lower = greatestBelow(at, bound[at]!);
    if (lower !== null) return filled(bound.slice(0, at) + lower);
  }
  return null;
}

function allowedAt(at: number): string {
  return template[at] === '-' ? '-' : digits;
}

function greatestBelow(at: number, char: string): string | null {
  return [...allowedAt(at)].filter((one) => one < char).at(-1) ?? null;
}

function filled(prefix: string): string {
  return prefix + template.slice(prefix.length).replaceAll('_', 'f');
}
