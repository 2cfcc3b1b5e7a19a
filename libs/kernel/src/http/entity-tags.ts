/** The tags of a list such as `"3", W/"5"`, as they are written. */
export function entityTags(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

/** Whether a caller's copies, by `If-None-Match`, hold the one with this strong tag (RFC 9110, weak comparison). */
export function holdsCopy(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return entityTags(header).some((tag) => tag.replace(/^W\//, '') === etag);
}
