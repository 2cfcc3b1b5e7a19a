import { AnswerInvalidError, ConnectionLostError } from './errors.js';

/**
 * The values of lines of JSON, however the text is cut.
 * @throws {ConnectionLostError} when the last line has no end: the answer broke off
 * @throws {AnswerInvalidError} when a line is no JSON
 */
export async function* jsonLines(parts: AsyncIterable<string>): AsyncGenerator<unknown> {
  let rest = '';
  for await (const part of parts) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield parsed(line);
  }
  if (rest !== '') throw new ConnectionLostError(new Error('The last line has no end.'));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new AnswerInvalidError(200, error);
  }
}
