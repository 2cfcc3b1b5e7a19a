import {
  ClientError,
  RefusedError,
  ServerFaultError,
  UnavailableError,
  type RequestFault,
} from './errors.js';

/** The error that a bad answer stands for, with what its problem (RFC 9457) says; its body is read for that. */
export async function errorOf(response: Response): Promise<ClientError> {
  const { status } = response;
  const { code, title, detail, errors } = await readProblem(response);
  const parts = {
    code: code ?? `http_${status}`,
    message: detail ?? title ?? `The query API answered with status ${status}.`,
    status,
    errors,
  };
  if (status === 429 || status === 503)
    return new UnavailableError(
      { ...parts, remedy: 'Try again after a while.' },
      retryAfterMs(response.headers),
    );
  if (status >= 400 && status < 500)
    return new RefusedError({ ...parts, remedy: 'Change the request: errors says what is wrong with it.' });
  return new ServerFaultError({ ...parts, remedy: "Try again; the server's log has the cause." });
}

interface Problem {
  readonly code: string | undefined;
  readonly title: string | undefined;
  readonly detail: string | undefined;
  readonly errors: readonly RequestFault[];
}

/** What of a problem is there: a proxy's own page has nothing of it. */
async function readProblem(response: Response): Promise<Problem> {
  const body = parsed(await response.text());
  const text = (name: string): string | undefined => {
    const value = body[name];
    return typeof value === 'string' ? value : undefined;
  };
  const { errors } = body;
  return {
    code: text('code'),
    title: text('title'),
    detail: text('detail'),
    errors: Array.isArray(errors) ? errors.filter(isFault) : [],
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    // Whatever it is, the status says what happened.
    return {};
  }
}

function isFault(value: unknown): value is RequestFault {
  return isObject(value) && ['parameter', 'code', 'detail'].every((name) => typeof value[name] === 'string');
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `Retry-After` in milliseconds: seconds, or a date as the server's own clock (`Date`) has it. Null without. */
export function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after');
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const wait = Date.parse(text) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}
