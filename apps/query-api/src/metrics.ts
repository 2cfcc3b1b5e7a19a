import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReadingObserver } from '#search';

/** What becomes of the calls to the search server. */
export function readingMetrics(registry: Registry): ReadingObserver {
  const registers = [registry];
  const open = new Gauge({
    name: 'prejoin_query_circuit_open',
    help: '1 while the search server does not answer and requests are refused at once.',
    registers,
  });
  const shared = new Counter({
    name: 'prejoin_query_shared_reads_total',
    help: 'Reads that were answered by the call of an equal one.',
    registers,
  });
  return {
    onShared: () => shared.inc(),
    onCircuit: (circuit) => open.set(circuit === 'open' ? 1 : 0),
  };
}
