/** One request of the documentation with what is answered to it. */
export interface Example {
  readonly number: number;
  readonly method: string;
  /** As it is written, with `V` and `…` in it. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly status: number;
  /** The headers of the answer that are told. */
  readonly told: Readonly<Record<string, string>>;
  /** Of the answer; undefined is none. `…` stands for what is there, and at the end of a list for more. */
  readonly answer: unknown;
}

/**
 * Reads the examples of a Markdown page: in its block ```http, a request begins with its number and is followed by its
 * headers and body; its answer begins with a status, and has headers and a body in the same way.
 */
export function documentedExamples(markdown: string): readonly Example[] {
  const block = /^```http\n([^]*?)^```$/m.exec(markdown)?.[1] ?? '';
  const exchanges = block.split(/\n\n+/).filter((text) => text.trim() !== '');
  return exchanges.map(exampleOf);
}

function exampleOf(text: string): Example {
  const lines = text.trim().split('\n');
  const request = /^(\d+)\. (GET|POST) (\S.*)$/.exec(lines[0] ?? '');
  const answeredAt = lines.findIndex((line) => /^\s+\d{3}\b/.test(line));
  if (request === null || answeredAt === -1) throw new Error(`This is no example:\n${text}`);
  const [, number, method = '', path = ''] = request;
  const asked = partsOf(lines.slice(1, answeredAt));
  const answered = partsOf(lines.slice(answeredAt + 1));
  return {
    number: Number(number),
    method,
    path,
    headers: asked.headers,
    body: asked.body,
    status: Number((lines[answeredAt] ?? '').trim().slice(0, 3)),
    told: answered.headers,
    answer: answered.body,
  };
}

function partsOf(lines: readonly string[]): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
} {
  const headers = lines.flatMap((line) => {
    const [, name, value] = /^\s+([A-Z][\w-]*): (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const rest = lines.slice(headers.length).join('\n');
  return { headers: Object.fromEntries(headers), body: rest.trim() === '' ? undefined : parsed(rest) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/(?<!")…(?!")/g, '"…"'));
  } catch (error) {
    throw new Error(`This is no JSON: ${text}`, { cause: error });
  }
}

/** Where a value differs from what is documented of it, or null. Members that are not documented may be there. */
export function differenceFrom(documented: unknown, value: unknown, at = ''): string | null {
  if (documented === '…') return value === null || value === undefined ? `${at} is not there` : null;
  if (Array.isArray(documented)) return differenceOfLists(documented, value, at);
  if (typeof documented !== 'object' || documented === null)
    return documented === value
      ? null
      : `${at} is ${JSON.stringify(value)}, not ${JSON.stringify(documented)}`;
  if (typeof value !== 'object' || value === null) return `${at} is ${JSON.stringify(value)}`;
  const members = new Map(Object.entries(value));
  for (const [name, one] of Object.entries(documented)) {
    const difference = differenceFrom(one, members.get(name), `${at}.${name}`);
    if (difference !== null) return difference;
  }
  return null;
}

function differenceOfLists(documented: readonly unknown[], value: unknown, at: string): string | null {
  if (!Array.isArray(value)) return `${at} is no list`;
  const isOpen = documented.at(-1) === '…';
  const told = isOpen ? documented.slice(0, -1) : documented;
  if (isOpen ? value.length <= told.length : value.length !== told.length)
    return `${at} has ${value.length} entries: ${JSON.stringify(value).slice(0, 300)}`;
  for (const [nth, one] of told.entries()) {
    const difference = differenceFrom(one, value[nth], `${at}[${nth}]`);
    if (difference !== null) return difference;
  }
  return null;
}
