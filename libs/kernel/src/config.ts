import { PrejoinError } from './errors.js';

/** One environment variable: what it means to people, and how its text becomes a value. */
export interface Variable<T> {
  readonly meaning: string;
  readonly example: string;
  /** The default as it would be written in the environment; absent means required. */
  readonly default?: string;
  /** Turns the text into a value, or returns the fault as the end of a sentence ("must be …"). */
  readonly parse: (text: string) => { readonly value: T } | { readonly fault: string };
}

export type ConfigSpec = Readonly<Record<string, Variable<unknown>>>;
export type ConfigOf<S extends ConfigSpec> = {
  readonly [K in keyof S]: S[K] extends Variable<infer T> ? T : never;
};

type Words = Pick<Variable<unknown>, 'meaning' | 'example' | 'default'>;

/** A process that can not start because of its environment: all faults at once, a sentence each. */
export class ConfigError extends PrejoinError {
  constructor(readonly faults: readonly string[]) {
    super(
      'config_invalid',
      `The configuration has ${faults.length} fault(s):\n${faults.map((f) => `  - ${f}`).join('\n')}`,
      {
        remedy:
          'Set the variables named above; docs/configuration.md lists each with its meaning, default and an example.',
      },
    );
  }
}

/**
 * Reads the variables of `spec` from `env`. An empty text counts as absent.
 * @throws {ConfigError} naming every variable that is missing or wrong, not just the first
 */
export function readConfig<const S extends ConfigSpec>(
  spec: S,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConfigOf<S> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(spec)) {
    const text = env[name] || variable.default;
    if (text === undefined) {
      faults.push(`${name} is missing: ${variable.meaning} Example: ${name}=${variable.example}`);
      continue;
    }
    const parsed = variable.parse(text);
    if ('fault' in parsed) faults.push(`${name} ${parsed.fault}. Example: ${name}=${variable.example}`);
    else values[name] = parsed.value;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values as ConfigOf<S>;
}

export function textVariable(words: Words): Variable<string> {
  return { ...words, parse: (text) => ({ value: text }) };
}

/** A URL of one of the given protocols (`postgres:`). The fault never repeats the text, since URLs hold passwords. */
export function urlVariable(words: Words & { protocols: readonly string[] }): Variable<string> {
  const { protocols, ...rest } = words;
  return {
    ...rest,
    parse: (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      const known = url !== undefined && protocols.includes(url.protocol);
      return known
        ? { value: text }
        : { fault: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}` };
    },
  };
}

export function integerVariable(words: Words & { min: number; max: number }): Variable<number> {
  const { min, max, ...rest } = words;
  return {
    ...rest,
    parse: (text) => {
      const value = Number(text);
      const fits = /^-?\d+$/.test(text) && value >= min && value <= max;
      return fits ? { value } : { fault: `must be a whole number from ${min} to ${max}, and is "${text}"` };
    },
  };
}

export function choiceVariable<const V extends readonly string[]>(
  words: Words & { values: V },
): Variable<V[number]> {
  const { values, ...rest } = words;
  return {
    ...rest,
    parse: (text) =>
      values.includes(text)
        ? { value: text }
        : { fault: `must be one of ${values.join(', ')}, and is "${text}"` },
  };
}

/** A comma-separated choice without repetition, such as `SERVICES=orders,payments`. */
export function choicesVariable<const V extends readonly string[]>(
  words: Words & { values: V },
): Variable<readonly V[number][]> {
  const { values, ...rest } = words;
  return {
    ...rest,
    parse: (text) => {
      const chosen = [...new Set(text.split(',').map((part) => part.trim()))];
      const unknown = chosen.filter((part) => !values.includes(part));
      return unknown.length === 0
        ? { value: chosen }
        : {
            fault: `must list some of ${values.join(', ')}, separated by commas, and has ${unknown.map((u) => `"${u}"`).join(', ')}`,
          };
    },
  };
}

/** The rows of a Markdown table of `spec`, as docs/configuration.md shows them. */
export function describeConfig(spec: ConfigSpec): string {
  const rows = Object.entries(spec).map(
    ([name, v]) =>
      `| \`${name}\` | ${v.meaning} | ${v.default === undefined ? 'required' : v.default === '' ? 'empty' : `\`${v.default}\``} | \`${v.example}\` |`,
  );
  return ['| variable | meaning | default | example |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
