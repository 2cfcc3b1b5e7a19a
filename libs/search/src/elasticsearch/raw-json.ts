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
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** The members of the object at `start`, as spans of their values. */
export function memberSpans(text: string, start: number): Map<string, Span> {
  const members = new Map<string, Span>();
  walkMembers(text, start, (name, at) => {
    const end = skipValue(text, at);
    members.set(name, { start: at, end });
    return end;
  });
  return members;
}

/** The items of the array at `start`, as spans. */
export function itemSpans(text: string, start: number): Span[] {
  const items: Span[] = [];
  walkItems(text, start, (at) => {
    const end = skipValue(text, at);
    items.push({ start: at, end });
    return end;
  });
  return items;
}

/** What is done with the value at a position: it has to be read to its end, which is returned. */
type Visit = (at: number) => number;

/** Visits the values of the object at `start`, in one pass however deep the visits go; returns where the object ends. */
export function walkMembers(
  text: string,
  start: number,
  visit: (name: string, at: number) => number,
): number {
  let at = skipSpace(text, expectAt(text, skipSpace(text, start), '{'));
  while (text[at] !== '}') {
    const keyEnd = skipString(text, at);
    const valueStart = skipSpace(text, expectAt(text, skipSpace(text, keyEnd), ':'));
    at = skipSpace(text, visit(nameIn(text, at, keyEnd), valueStart));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return at + 1;
}

function nameIn(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end - 1);
  return name.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : name;
}

/** As `walkMembers`, for the items of an array. */
export function walkItems(text: string, start: number, visit: Visit): number {
  let at = skipSpace(text, expectAt(text, skipSpace(text, start), '['));
  while (text[at] !== ']') {
    at = skipSpace(text, visit(at));
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return at + 1;
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

/** Looks for the quote that ends it: a search of the runtime is many times as fast as a loop over the codes. */
function skipString(text: string, start: number): number {
  for (let at = text.indexOf('"', expectAt(text, start, '"')); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes += 1;
    // An even number are escaped backslashes, and not an escaped quote.
    if (escapes % 2 === 0) return at + 1;
  }
  throw new SyntaxError(`The string at position ${start} of the answer does not end.`);
}

/** Where the value at `start` ends. */
export function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first === '{' || first === '[') return skipNested(text, start);
  let at = start;
  while (at < text.length && !',]} \n\r\t'.includes(text[at] ?? '')) at += 1;
  if (at === start) throw new SyntaxError(`Expected a value at position ${start} of the answer.`);
  return at;
}

/** The bulk of every answer goes through here, so it compares codes and not one-letter strings. */
function skipNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = skipString(text, at) - 1;
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        if (depth === 0) return at + 1;
    }
  }
  throw new SyntaxError(`The value at position ${start} of the answer does not end.`);
}
