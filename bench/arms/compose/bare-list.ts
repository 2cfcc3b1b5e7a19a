import type { Agent } from 'node:http';
import type { BenchSpace } from '../../bench-space.js';
import { recordCalls } from '../../harness/recorder.js';
import { startQueryApiProcess } from '../../query-api-process.js';
import { getText } from './http.js';

export const ROWS = 20;

/** Of the query API: the newest orders before an instant. */
export const listPath = (before: string): string =>
  `/views/order-search?placedAt[lt]=${before}&sort=-placedAt&limit=${ROWS}&totals=none`;

export interface Call {
  readonly url: string;
  readonly body?: string;
}

/** The call of a list as the query API was seen to make it. */
export async function bareList(space: BenchSpace, agent: Agent): Promise<(before: string) => Call> {
  const recorder = await recordCalls(space.elasticsearchUrl);
  const api = await startQueryApiProcess(space, { elasticsearchUrl: recorder.url });
  try {
    const before = '2026-02-03T04:05:06.789Z';
    await getText(agent, `${api.url}${listPath(before)}`);
    const call = recorder.calls.find(({ body }) => body.includes(before));
    if (call === undefined) throw new Error('No call was recorded for a list.');
    const parts = call.body.split(before);
    return (other) => ({ url: `${space.elasticsearchUrl}${call.path}`, body: parts.join(other) });
  } finally {
    await api.stop();
    recorder.close();
  }
}
