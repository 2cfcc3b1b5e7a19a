import { ApiProblems } from '#kernel/http';
import type { ServedView } from '../../served-view.js';

/** What a guarded view answers beside its documents. Which credentials are sent, and how, is the host's. */
export function guardDocs({ guards }: ServedView): MethodDecorator[] {
  if (guards.length === 0) return [];
  return [
    ApiProblems({
      401: 'The server does not know who asks.',
      403: '`guard_missing`: the caller has no documents of its own here.',
    }),
  ];
}

/** A sentence for the description of a read; empty for a view that everybody sees. */
export function guardNote({ guards }: ServedView): string {
  if (guards.length === 0) return '';
  const fields = guards.map((path) => `\`${path}\``).join(' and ');
  return `Each caller reads only the documents of its own ${fields}: others are not found, counted or suggested.`;
}
