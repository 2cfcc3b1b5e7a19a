/**
 * Spans in JSON text, so that a stored document is handed on byte for byte: parsing and writing again would change
 * numbers beyond 2^53, the order of keys that look like integers, and repeated keys. The text comes from Elasticsearch
 * and is taken as well-formed; one pass over a megabyte takes a few milliseconds.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;

/** The members of the object at `start`, as spans of their values. */
export function memberSpans(text: string, start: number): Map<string, Span> {
  const members = new Map<string, Span>();
  let at = skipSpace(text, expectAt(text, skipSpace(text, start), '{'));
  while (text[at] !== '}') {
    const keyEnd = skipString(text, at);
    const valueStart = skipSpace(text, expectAt(text, skipSpace(text, keyEnd), ':'));
    const valueEnd = skipValue(text, valueStart);
    members.set(JSON.parse(text.slice(at, keyEnd)) as string, { start: valueStart, end: valueEnd });
    at = skipSpace(text, valueEnd);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

/** The items of the array at `start`, as spans. */
export function itemSpans(text: string, start: number): Span[] {
  const items: Span[] = [];
  let at = skipSpace(text, expectAt(text, skipSpace(text, start), '['));
  while (text[at] !== ']') {
    const end = skipValue(text, at);
    items.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return items;
}

export function slice(text: string, span: Span): string {
  return text.slice(span.start, span.end);
}

function expectAt(text: string, at: number, char: string): number {
  if (text[at] !== char) throw new SyntaxError(`Expected '${char}' at position ${at} of the answer.`);
  return at + 1;
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

function skipString(text: string, start: number): number {
  for (let at = expectAt(text, start, '"'); at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) return at + 1;
  }
  throw new SyntaxError(`The string at position ${start} of the answer does not end.`);
}

function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first === '{' || first === '[') return skipNested(text, start);
  let at = start;
  while (at < text.length && !',]} \n\r\t'.includes(text[at] ?? '')) at += 1;
  if (at === start) throw new SyntaxError(`Expected a value at position ${start} of the answer.`);
  return at;
}

function skipNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = skipString(text, at) - 1;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new SyntaxError(`The value at position ${start} of the answer does not end.`);
}
