import type { Logger } from '#kernel';
import type { Connection } from './connection.js';

/** What the server's text analysis can do beyond splitting and lower-casing: some distributions lack all of it. */
export interface Analysis {
  /** é is found as e. */
  readonly folding: boolean;
  /** The languages (Elasticsearch's analyzer names) that it stems. */
  readonly languages: ReadonlySet<string>;
}

export const plainAnalysis: Analysis = { folding: false, languages: new Set() };

/**
 * Asks the server what it can do, so that an index uses it where it is there. An index keeps the analysis that it was
 * created with; a server that learns more serves it to the next generation.
 */
export async function probeAnalysis(
  connection: Connection,
  languages: readonly string[],
  logger: Logger,
): Promise<Analysis> {
  const can = async (request: object): Promise<boolean> =>
    (
      await connection.ask({
        method: 'POST',
        path: '/_analyze',
        body: JSON.stringify({ text: 'a', ...request }),
      })
    ).status === 200;

  const folding = await can({ tokenizer: 'standard', filter: ['lowercase', 'asciifolding'] });
  const known = new Set<string>();
  for (const language of new Set(languages)) {
    if (await can({ analyzer: language })) known.add(language);
    else
      logger.warn(
        { language },
        'The search server has no analyzer of this language; its texts are searched by whole words.',
      );
  }
  return { folding, languages: known };
}
