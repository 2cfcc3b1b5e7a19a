/** Deeper values overflow the stack of whoever walks or writes them: V8's JSON.stringify gives up near 7 000 levels. */
const maxDepth = 500;

/**
 * What in a parsed JSON text no store or program should be handed, as a sentence, or null:
 * NUL and lone surrogates (PostgreSQL can not turn them into text), a key `__proto__` (pollutes whoever merges it), and
 * nesting beyond `maxDepth`.
 *
 * The values are walked only if the text can hold one of these, which needs an escape, the key itself, or two characters
 * a level; an ordinary event is decided by two substring searches.
 */
export function unsafeTextFault(text: string, value: unknown): string | null {
  const mayBeUnsafe = text.includes('\\u') || text.includes('__proto__') || text.length >= 2 * maxDepth;
  return mayBeUnsafe ? walk(value) : null;
}

/** Depth first with a stack of its own, so that depth is measured rather than survived. */
function walk(root: unknown): string | null {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string') {
      const fault = textFault(value);
      if (fault !== null) return fault;
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= maxDepth) return `The body is nested deeper than ${maxDepth} levels.`;
    for (const [key, child] of Object.entries(value)) {
      if (key === '__proto__') return 'The body has a key "__proto__".';
      const fault = textFault(key);
      if (fault !== null) return fault;
      open.push({ value: child, depth: depth + 1 });
    }
  }
  return null;
}

function textFault(text: string): string | null {
  if (text.includes('\0')) return 'The body has a text with a NUL character.';
  return text.isWellFormed() ? null : 'The body has a text with half of a surrogate pair.';
}
