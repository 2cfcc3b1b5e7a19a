import type { FastifyRequest } from 'fastify';
import { GuardUnresolvedError } from '../guard/errors.js';
import { guardedView, type Guarded, type GuardedView } from '../guard/guarded-view.js';
import type { ServedView } from '../served-view.js';

/**
 * Says whose documents the sender of a request may see; nothing is a 403. It is asked once for each read of a guarded view,
 * after the host's own guards. An HttpException or a ProblemError that it throws is the answer, such as a 401; anything else
 * is a 500. Take its values from what was verified, a token or a session, and never from a header that any caller can set.
 */
export type GuardResolver = (
  request: FastifyRequest,
) => Guarded | null | undefined | Promise<Guarded | null | undefined>;

/** Makes of a view what the sender of a request may read of it. */
export type Guards = (view: ServedView, request: FastifyRequest) => Promise<GuardedView>;

/** @throws {GuardUnresolvedError} when a view is guarded and there is no resolver */
export function guardsOf(views: readonly ServedView[], resolve: GuardResolver | undefined): Guards {
  const guarded = views.filter(({ guards }) => guards.length > 0);
  if (guarded.length > 0 && resolve === undefined) throw new GuardUnresolvedError(guarded);
  return async (view, request) =>
    guardedView(view, view.guards.length === 0 ? null : await resolve?.(request));
}
