import type { GuardResolver } from '#query/http';

/** Who asks, in tests: a host would take it from a token. */
const header = 'x-tenant';

export type Caller = 'acme' | 'Acme' | 'both' | 'staff';

export const callers: Readonly<Record<Caller, string | readonly string[]>> = {
  acme: 'acme',
  Acme: 'Acme',
  both: ['acme', 'Acme'],
  staff: '*',
};

export const asCaller = (caller: string): Readonly<Record<string, string>> => ({ [header]: caller });

/** Takes the caller's word for who it is. */
export const guardByHeader: GuardResolver = (request) => {
  const given = request.headers[header];
  if (typeof given !== 'string') return null;
  return { tenantId: Object.hasOwn(callers, given) ? callers[given as Caller] : given };
};
