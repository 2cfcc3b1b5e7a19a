/**
 * What a stranger's message says, safe to show on a terminal: control characters, which could move the cursor or write
 * over other lines, and marks that turn the direction of writing become escapes.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line of at most `length` characters. */
export function shortened(text: string, length: number): string {
  const line = visible(text);
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
