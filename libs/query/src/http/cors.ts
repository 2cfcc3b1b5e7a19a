import type { FastifyInstance, FastifyReply } from 'fastify';

/** A browser hides from its page what is not listed here. */
const exposed = [
  'ETag',
  'Retry-After',
  'X-Request-Id',
  'Prejoin-Lag-Ms',
  'Prejoin-After',
  'Preference-Applied',
  'Deprecation',
  'Sunset',
  'Link',
].join(', ');

const methods = 'GET, HEAD, POST';
const keptForSeconds = 3_600;

/**
 * Lets pages of these origins read the answers; `*` is any. Nest's own way to say so decides everything anew for each
 * request, and sets the headers twice, by which Node writes all headers of an answer in its slow way.
 */
export function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): void {
  const any = origins.includes('*');
  const allowed = new Set(origins);
  const allowedOf = (origin: string | undefined): string | null => {
    if (any) return '*';
    return origin !== undefined && allowed.has(origin) ? origin : null;
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': asked } = request.headers;
    const readBy = allowedOf(origin);
    // A cache must not hand what one origin may read to another.
    if (!any) void reply.header('vary', 'Origin');
    if (readBy !== null)
      void reply
        .header('access-control-allow-origin', readBy)
        .header('access-control-expose-headers', exposed);
    if (request.method !== 'OPTIONS' || origin === undefined || asked === undefined) return done();
    answerPreflight(reply, request.headers['access-control-request-headers'], any);
  });
}

/** The API reads no cookies, so that a page may send whatever headers it likes. */
function answerPreflight(reply: FastifyReply, wanted: string | undefined, any: boolean): void {
  void reply
    .code(204)
    .header('access-control-allow-methods', methods)
    .header('access-control-max-age', keptForSeconds)
    .header('vary', `${any ? '' : 'Origin, '}Access-Control-Request-Headers`);
  if (wanted !== undefined) void reply.header('access-control-allow-headers', wanted);
  void reply.send();
}
