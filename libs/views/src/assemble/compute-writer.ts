import { messageOf } from '#kernel';
import { valueFault } from '../filter/normalize.js';
import type { ComputeNode } from '../plan/plan.js';
import { absent, ComputeMissingError, DocumentFault, type Batch, type Writer } from './batch.js';
import type { Json } from './rows.js';

/** Writes what a compute function makes of its inputs; what it may not give is a fault of the document. */
export function computeWriter(
  { plan, computes }: Batch,
  node: ComputeNode,
  writers: readonly Writer[],
): Writer {
  const run = computes.get(node.key);
  if (run === undefined) throw new ComputeMissingError(plan.view, node.key);
  return (at) => {
    const inputs: Json[] = [];
    for (const write of writers) {
      const written = write(at);
      if (written === absent) return absent;
      // A value of the function's own: it can change nothing of what other parts are written from.
      inputs.push(JSON.parse(written) as Json);
    }
    const value = (call(node, run, inputs) ?? node.orElse ?? null) as Json;
    const fault = computedFault(node, value);
    if (fault !== null)
      throw new DocumentFault(`The compute function '${node.key}' ${fault}, and gave ${shown(value)}.`);
    return JSON.stringify(value);
  };
}

function call(
  node: ComputeNode,
  run: (...inputs: readonly unknown[]) => unknown,
  inputs: readonly Json[],
): unknown {
  try {
    return run(...inputs);
  } catch (thrown) {
    throw new DocumentFault(`The compute function '${node.key}' threw: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function computedFault(node: ComputeNode, value: Json): string | null {
  if (value === null) return node.nullable ? null : `must not give null`;
  if (node.kind === 'json' || node.kind === 'geo') return null;
  const fault = valueFault(node, value);
  return fault === null ? null : `is declared as ${node.kind}, which ${fault}`;
}

/** JSON has no NaN or Infinity, which are the likely faults of arithmetic. */
function shown(value: Json): string {
  return typeof value === 'number' ? value.toString() : JSON.stringify(value);
}
