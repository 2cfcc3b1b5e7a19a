export type Split = { readonly items: readonly string[] } | { readonly fault: string };

/**
 * Splits at commas. An item that holds one is quoted as in CSV: `"Smith, John",Anna`, with `""` for a quote within. An
 * item that is empty without quotes is a fault, since it is a slip more often than a wish.
 */
export function splitList(text: string): Split {
  const items: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const quoted = text[at] === '"';
    const end = quoted ? quotedEnd(text, at) : endOfPlain(text, at);
    if (end === null)
      return { fault: 'begins with a quote that is not closed; write "" for a quote within quotes' };
    const item = text.slice(at, end);
    if (!quoted && item === '') return { fault: 'has an empty value; write "" for an empty text' };
    if (end < text.length && text[end] !== ',')
      return { fault: 'goes on after a closing quote; only a comma may follow' };
    items.push(quoted ? item.slice(1, -1).replaceAll('""', '"') : item);
    at = end + 1;
  }
  return { items };
}

function endOfPlain(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return comma === -1 ? text.length : comma;
}

function quotedEnd(text: string, start: number): number | null {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at + 1;
    at += 1;
  }
  return null;
}
