import type { ProcessIdentity } from './processes.js';

export const serverKinds = ['postgres', 'rabbitmq', 'elasticsearch'] as const;
export type ServerKind = (typeof serverKinds)[number];

/** What a server that answers says about itself. */
export interface ServerReport {
  readonly version: string;
  /** Settings that Prejoin can live with but that somebody should know of, each a sentence with its remedy. */
  readonly warnings: readonly string[];
}

export interface StartOptions {
  readonly port: number;
  /** Holds data, configuration and log; made if absent, and kept when the server stops. */
  readonly folder: string;
  /** Where downloads are kept. */
  readonly cacheFolder: string;
  readonly log: (line: string) => void;
  readonly heapMb?: number;
  /** It lives for minutes: what pays off only after them is left out. */
  readonly shortLived?: boolean;
  /** Settings of the server itself, over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface StartedServer {
  readonly url: string;
  readonly process: ProcessIdentity;
}

/** How one kind of server is looked at, started and stopped; what is common to all kinds stands in `bring-up.ts`. */
export interface ServerDriver {
  readonly name: string;
  readonly variable: 'POSTGRES_URL' | 'RABBITMQ_URL' | 'ELASTICSEARCH_URL';
  readonly defaultPort: number;
  /** Where a server with its usual settings would let us in. */
  urlAt(port: number): string;
  /** Rejects when nothing answers, or when what answers does not let us in. */
  inspect(url: string): Promise<ServerReport>;
  start(options: StartOptions): Promise<StartedServer>;
  readonly stopSignal: NodeJS.Signals;
}

/** A URL as it may be shown: without its password. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href.replace(/\/$/, '');
}
