import { AsyncLocalStorage } from 'node:async_hooks';
import { randomHex } from './random-hex.js';

/** Where a piece of work belongs: in the trace that its request or message began. */
export interface Trace {
  /** 32 hexadecimal digits, the same in every process that took part. */
  readonly traceId: string;
  /** The W3C header value that names this process's part; what events and outgoing requests carry on. */
  readonly traceparent: string;
}

const current = new AsyncLocalStorage<Trace>();
const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Joins the trace that `traceparent` names, as a new span of it; without a valid one it begins a trace.
 * Source of the rules: W3C Trace Context, level 1, section 3.2 (version ff and all-zero ids are invalid, a later
 * version may have more fields behind the four that are known).
 */
export function joinTrace(traceparent?: string): Trace {
  const [, version, traceId, parentId, flags, more] = pattern.exec(traceparent ?? '') ?? [];
  const valid =
    version !== undefined &&
    version !== 'ff' &&
    !(version === '00' && more !== undefined) &&
    /[^0]/.test(traceId ?? '') &&
    /[^0]/.test(parentId ?? '');
  // "Not sampled" (00) is the truth for a trace that begins here: nothing records spans yet.
  return valid ? traceOf(traceId!, flags!) : traceOf(randomHex(16), '00');
}

function traceOf(traceId: string, flags: string): Trace {
  return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-${flags}` };
}

/** Runs `work`, and everything that it awaits, inside `trace`. */
export function runInTrace<T>(trace: Trace, work: () => T): T {
  return current.run(trace, work);
}

/** The trace of the work that is running, or null outside of any. */
export function currentTrace(): Trace | null {
  return current.getStore() ?? null;
}
