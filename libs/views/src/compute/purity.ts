/**
 * Finds what a compute function uses beside its inputs, from its text.
 *
 * The text is cut into tokens, not parsed, and in doubt a name counts as free: a refused function can still be declared
 * with a `version`. Caught: every name that is neither declared in the function nor a pure built-in (so Date, process,
 * fetch, imports and module constants), `this`, Math.random, methods that follow the machine's locale, built-ins without
 * text. Not caught: state reached through an input (a getter, a method of a prototype that somebody patched), and a free
 * name that is also declared in another block of the same function. The text is what Function.toString gives: after
 * tsc or swc, so a tool that instruments code (coverage counters) adds free names to it.
 */
export function impurities(text: string): readonly string[] {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text))
    return ['a built-in or bound function, whose text can not be seen'];
  const tokens = tokenize(text);
  const declared = declaredNames(tokens);
  const found = tokens.flatMap((token, i) => impurityAt(tokens, i, token, declared));
  return [...new Set(found)];
}

const keywords = new Set(
  `arguments as async break case catch const continue default delete do else false finally for from function get if in
   instanceof let new null of return set static switch throw true try typeof undefined var void while yield`.split(
    /\s+/,
  ),
);
const pureGlobals = new Set(
  `Array BigInt Boolean Infinity JSON Map Math NaN Number Object RangeError Error Set String TypeError isFinite isNaN
   parseFloat parseInt`.split(/\s+/),
);
/** Answers depend on the machine's locale or time zone data. */
const localeMethods = /^(toLocale\w*|localeCompare)$/;
const namePattern = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function impurityAt(
  tokens: readonly string[],
  i: number,
  token: string,
  declared: ReadonlySet<string>,
): string[] {
  if (token === 'this' || token === 'import' || token === 'super') return [`'${token}'`];
  if (token === 'await') return [`'await': the function must answer at once`];
  if (!namePattern.test(token)) return [];
  const before = tokens[i - 1];
  if (before === '.' || before === '?.') {
    if (token === 'random' && tokens[i - 2] === 'Math') return [`Math.random`];
    return localeMethods.test(token) ? [`${token}(), which depends on the machine's locale`] : [];
  }
  if (isPropertyName(tokens, i) || keywords.has(token) || pureGlobals.has(token) || declared.has(token))
    return [];
  return [`'${token}'`];
}

/** `{ key: …` and `, key: …`, but not the middle of `a ? b : c`. */
function isPropertyName(tokens: readonly string[], i: number): boolean {
  return tokens[i + 1] === ':' && (tokens[i - 1] === '{' || tokens[i - 1] === ',');
}

/** Names after const, let, var, function, and in the parameters of functions, arrows and catch. */
function declaredNames(tokens: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (isBinding(tokens, i)) names.add(tokens[i] ?? '');
  };
  tokens.forEach((token, i) => {
    if (token === 'const' || token === 'let' || token === 'var') add(i + 1, endOfBinding(tokens, i + 1));
    if (token === 'function' || token === 'catch') add(i + 1, closing(tokens, tokens.indexOf('(', i)));
    if (token === '=>' && tokens[i - 1] !== ')') add(i - 1, i);
    if (token === '=>' && tokens[i - 1] === ')') add(opening(tokens, i - 1), i);
  });
  return names;
}

/** A name in a pattern, not a default value (`= x`), a member (`.x`) or a call in one. */
function isBinding(tokens: readonly string[], i: number): boolean {
  const before = tokens[i - 1];
  return namePattern.test(tokens[i] ?? '') && before !== '=' && before !== '.' && before !== '?.';
}

/** A declaration's pattern ends at its `=`, or at `of` or `in`. Further declarators (`let a = 1, b`) count as free. */
function endOfBinding(tokens: readonly string[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    if ('([{'.includes(token)) depth++;
    if (')]}'.includes(token)) depth--;
    if (depth <= 0 && (token === '=' || token === 'of' || token === 'in' || token === ';')) return i;
  }
  return tokens.length;
}

function closing(tokens: readonly string[], open: number): number {
  return matching(tokens, open, 1, '(', ')');
}

function opening(tokens: readonly string[], close: number): number {
  return matching(tokens, close, -1, ')', '(');
}

function matching(
  tokens: readonly string[],
  start: number,
  step: 1 | -1,
  deeper: string,
  back: string,
): number {
  let depth = 0;
  for (let i = start; i >= 0 && i < tokens.length; i += step) {
    if (tokens[i] === deeper) depth++;
    if (tokens[i] === back && --depth === 0) return i;
  }
  return start;
}

const tokenPattern =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*|=>|\?\.(?!\d)|\.\.\.|[=!]==?|[<>]=|&&|\|\||\?\?|[^\s]/gu;

/** Comments and plain strings are left out; of a template, the text is left out and the expressions stay. */
function tokenize(text: string): readonly string[] {
  const tokens: string[] = [];
  for (const part of splitTemplates(text)) {
    for (const [token] of part.matchAll(tokenPattern)) if (!/^(\/[*/]|['"])/.test(token)) tokens.push(token);
  }
  return tokens;
}

/** The code of `text` without the text of template literals. */
function splitTemplates(text: string): readonly string[] {
  const code: string[] = [];
  let rest = text;
  for (;;) {
    const start = rest.indexOf('`');
    if (start < 0) return [...code, rest];
    const end = endOfTemplate(rest, start);
    code.push(rest.slice(0, start), ...expressionsOf(rest.slice(start + 1, end)));
    rest = rest.slice(end + 1);
  }
}

function endOfTemplate(text: string, start: number): number {
  let depth = 0;
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text.startsWith('${', i)) depth++;
    else if (text[i] === '}' && depth > 0) depth--;
    else if (text[i] === '`' && depth === 0) return i;
  }
  return text.length;
}

function expressionsOf(template: string): readonly string[] {
  return [...template.matchAll(/\$\{([^`]*?)\}/g)].map((match) => `(${match[1] ?? ''})`);
}
