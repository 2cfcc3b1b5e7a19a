import { applyDecorators, Header } from '@nestjs/common';
import type { ServedView } from '../served-view.js';
import { cachedBy } from './answers.js';

/**
 * The headers that say how long this name lasts: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) with the day that the
 * view declares, and under a former name a link to the present one. They are set before the handler runs, so that
 * refusals have them too. Of a guarded view, also that no cache which several callers share keeps the answer.
 */
export function announcement(view: ServedView, name: string): MethodDecorator {
  const ends = view.deprecated === null ? null : new Date(`${view.deprecated}T00:00:00Z`);
  return applyDecorators(
    ...(ends === null
      ? []
      : [Header('Deprecation', `@${ends.getTime() / 1_000}`), Header('Sunset', ends.toUTCString())]),
    ...(view.guards.length === 0 ? [] : [Header('Cache-Control', cachedBy(view))]),
    ...(name === view.name ? [] : [Header('Link', `</views/${view.name}>; rel="successor-version"`)]),
  );
}
