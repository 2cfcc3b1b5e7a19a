import { messageOf } from '#kernel';
import { unsafeTextFault } from './unsafe-text.js';

type Parsed = { readonly value: Readonly<Record<string, unknown>> } | { readonly fault: string };

/** `fatal`: a replacement character in an id would otherwise become another aggregate. Used again, since it keeps nothing. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The object that a body of UTF-8 JSON holds, or what is wrong with it as one sentence; it never throws. */
export function parseJson(body: Buffer, maxBytes: number): Parsed {
  if (body.length > maxBytes)
    return { fault: `The body has ${body.length} bytes; at most ${maxBytes} are read.` };
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return { fault: 'The body is not valid UTF-8.' };
  }
  try {
    const value: unknown = JSON.parse(text);
    const fault = unsafeTextFault(text, value);
    if (fault !== null) return { fault };
    return isRecord(value) ? { value } : { fault: 'The body is JSON, but not an object.' };
  } catch (error) {
    return { fault: `The body is not JSON: ${messageOf(error)}.` };
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
