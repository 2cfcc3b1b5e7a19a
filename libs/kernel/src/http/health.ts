import { PrejoinError, messageOf } from '../errors.js';

/** Something that the app can not do its whole work without. `check` rejects while it is away. */
export interface Dependency {
  readonly name: string;
  /** The app does what it is asked without it, if less well: it is told, and the app stays ready. */
  readonly optional?: true;
  check(signal: AbortSignal): Promise<void>;
}

export interface ReadinessOptions {
  /** How long one check may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long an outcome is used again, in milliseconds, so that probes can not load a server that is in trouble. */
  readonly cacheMs?: number;
}

export interface Readiness {
  readonly ready: boolean;
  readonly dependencies: Readonly<
    Record<string, { readonly up: true } | { readonly up: false; readonly reason: string }>
  >;
}

/** Asks all dependencies side by side; what does not answer in time counts as away. */
export function readinessProbe(
  dependencies: readonly Dependency[],
  options: ReadinessOptions = {},
): () => Promise<Readiness> {
  const { timeoutMs = 2_000, cacheMs = 1_000 } = options;
  let cached: { readonly until: number; readonly outcome: Promise<Readiness> } | null = null;

  async function ask(): Promise<Readiness> {
    const outcomes = await Promise.all(dependencies.map((dependency) => state(dependency, timeoutMs)));
    const named = dependencies.map(({ name }, at) => [name, outcomes[at] as State] as const);
    return {
      ready: dependencies.every(({ optional }, at) => optional === true || outcomes[at]?.up === true),
      dependencies: Object.fromEntries(named),
    };
  }

  return () => {
    const now = performance.now();
    if (cached === null || cached.until <= now) cached = { until: now + cacheMs, outcome: ask() };
    return cached.outcome;
  };
}

type State = Readiness['dependencies'][string];

async function state(dependency: Dependency, timeoutMs: number): Promise<State> {
  const timeout = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new PrejoinError('dependency_timeout', `no answer within ${timeoutMs} ms`);
      timeout.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    await Promise.race([dependency.check(timeout.signal), late]);
    return { up: true };
  } catch (error) {
    return { up: false, reason: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
