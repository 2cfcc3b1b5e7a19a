import type { Plan } from '#views';

/** The name that readers use; it points at the live generation's index. */
export function aliasName(indexPrefix: string, view: string): string {
  return `${indexPrefix}${view}`;
}

/** The index of one generation: `<prefix>order-search.<fingerprint>.<number>`. */
export function indexName(indexPrefix: string, plan: Plan, number: number): string {
  return `${indexPrefix}${plan.view}.${plan.fingerprint}.${number}`;
}
