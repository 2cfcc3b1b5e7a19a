/**
 * Waits for all, since none of them may still be at work when their connection goes to somebody else; then the first one
 * that failed counts, by place and not by time.
 */
export async function allEnded<const T extends readonly Promise<unknown>[]>(
  promises: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  for (const ended of await Promise.allSettled(promises)) if (ended.status === 'rejected') throw ended.reason;
  return Promise.all(promises);
}
