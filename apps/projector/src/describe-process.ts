import { hostname } from 'node:os';
import { newId } from '#kernel';
import type { ProcessDescription } from '#projection';
import type { Declared } from './views.js';

/** What this process tells others of itself: where it is, and what its code can build. */
export function describeProcess(declared: Declared, release: string): ProcessDescription {
  return {
    id: newId(),
    role: 'projector',
    host: hostname(),
    pid: process.pid,
    release,
    fingerprints: Object.fromEntries(declared.plans.map(({ view, fingerprint }) => [view, fingerprint])),
    computes: [...declared.computes.keys()].sort(),
  };
}
