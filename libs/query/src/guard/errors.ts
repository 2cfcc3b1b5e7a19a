import { PrejoinError } from '#kernel';

/** Nothing says whose documents the caller may see, so that it sees none. */
export class GuardMissingError extends PrejoinError {
  constructor(view: string, fields: readonly string[]) {
    super(
      'guard_missing',
      `'${view}' shows a caller the documents of its own ${fields.join(' and ')}, and this request has none.`,
      { remedy: 'Sign in as somebody who has.' },
    );
  }
}

/** Guarded views are served, and nobody says whose documents a caller may see. */
export class GuardUnresolvedError extends PrejoinError {
  constructor(views: readonly { readonly name: string; readonly guards: readonly string[] }[]) {
    const named = views.map(({ name, guards }) => `'${name}' (${guards.join(', ')})`).join(', ');
    super(
      'guard_unresolved',
      `These views are guarded, and nothing says whose documents a caller may see: ${named}.`,
      {
        remedy: 'Give the query API a guard: (request) => ({ <field>: <value of the caller> }).',
      },
    );
  }
}
