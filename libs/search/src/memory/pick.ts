/** The parts of a document that lie on some paths, in the document's order; what is a list stays one. */
export function pick(content: unknown, paths: readonly string[]): unknown {
  return picked(
    content,
    paths.map((path) => path.split('.')),
  );
}

function picked(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (Array.isArray(value)) return value.map((one) => picked(one, paths)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const within = paths.filter(([first]) => first === name).map(([, ...others]) => others);
    if (within.length === 0) return [];
    const part = within.some((path) => path.length === 0) ? (member as unknown) : picked(member, within);
    return part === undefined ? [] : [[name, part] as const];
  });
  return Object.fromEntries(members);
}
