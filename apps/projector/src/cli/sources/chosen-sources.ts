import { UsageError } from '../usage-error.js';

interface Choice {
  readonly sources?: true | readonly string[];
  readonly contents?: boolean;
}

/**
 * The names that `--sources` gave, none of them for all; null when the command is about views.
 * @throws {UsageError} when it says both
 */
export function sourcesOf(
  view: string | undefined,
  { sources, contents = false }: Choice,
): readonly string[] | null {
  if (sources !== undefined && view !== undefined)
    throw new UsageError('view_and_sources', `'${view}' is taken for a view, and --sources says sources.`, {
      remedy: 'Name sources after --sources, and no view.',
    });
  if (sources === undefined && contents)
    throw new UsageError('contents_without_sources', '--contents belongs to --sources.', {
      remedy: 'The contents of documents are always compared.',
    });
  if (sources === undefined) return null;
  return sources === true ? [] : sources;
}
