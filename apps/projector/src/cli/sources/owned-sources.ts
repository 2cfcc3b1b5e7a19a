import { sources } from '#domains';
import { SourceUnknownError } from '../resync/errors.js';
import { UsageError } from '../usage-error.js';

export interface OwnedSource {
  readonly name: string;
  /** The service that publishes it, and answers for it. */
  readonly owner: string;
}

/** The sources of these names, each once; all that are declared for none. @throws {UsageError} */
export function ownedSources(names: readonly string[]): readonly OwnedSource[] {
  const chosen = names.length === 0 ? sources : [...new Set(names)].map(sourceOf);
  return chosen.map(({ name, owner }) => {
    if (owner !== null) return { name, owner };
    throw new UsageError('source_without_owner', `The source '${name}' declares no owner to be asked.`, {
      remedy: "Declare it: source(name, columns, { owner: 'the service' }).",
    });
  });
}

function sourceOf(name: string): (typeof sources)[number] {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  throw new SourceUnknownError(
    name,
    sources.map((source) => source.name),
  );
}
