import { messageOf } from '#kernel';
import { fail, ok, skip, unknown, warn, type Finding } from './finding.js';
import type { Scene } from './scene.js';

interface Served {
  readonly data: readonly { readonly name: string; readonly fingerprint: string }[];
}

/** The query API, where QUERY_API_URL says where it is: whether it serves, and whether it knows what is live. */
export async function queryApiFindings(scene: Scene): Promise<readonly Finding[]> {
  const { projection, deadlineMs } = scene;
  const url = projection.config.QUERY_API_URL;
  const what = 'query API: reached';
  if (url === '') return [skip(what, 'QUERY_API_URL is not set')];
  const advice = 'Check QUERY_API_URL and that the query API runs.';
  try {
    const ready = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(deadlineMs) });
    const views = await fetch(new URL('/views', url), { signal: AbortSignal.timeout(deadlineMs) });
    if (!views.ok) return [unknown(what, `it answers ${views.status} for its views`, advice)];
    const { data } = (await views.json()) as Served;
    const reached = ready.ok
      ? ok(what, `it serves ${data.length} views`)
      : fail(
          what,
          `it is not ready: ${(await ready.text()).slice(0, 300)}`,
          'See that it reaches Elasticsearch.',
        );
    return [reached, await checkServed(scene, data)];
  } catch (error) {
    return [unknown(what, `it does not answer: ${messageOf(error)}`, advice)];
  }
}

async function checkServed({ generations }: Scene, served: Served['data']): Promise<Finding> {
  const what = 'query API: views';
  const live = (await generations()).filter(({ state }) => state === 'live');
  const other = served.filter(({ name, fingerprint }) => {
    const generation = live.find(({ view }) => view === name);
    return generation !== undefined && generation.fingerprint !== fingerprint;
  });
  const missing = live.filter(({ view }) => !served.some(({ name }) => name === view));
  const wrong = [
    ...other.map(({ name }) => `${name} is declared otherwise than it was built`),
    ...missing.map(({ view }) => `${view} is built and not served`),
  ];
  if (wrong.length === 0) return ok(what, 'declared as they were built');
  return warn(
    what,
    wrong.join('; '),
    'Bring out the same release of projector and query API, and rebuild what was declared anew.',
  );
}
