import type { RawAnswer } from './request.js';
import { slice } from './raw-json.js';

/** How many documents an answer says that there are, and whether it counted them all. */
export function totalOf({ text, beside }: Pick<RawAnswer, 'text' | 'beside'>): {
  readonly total: number;
  readonly exact: boolean;
} {
  const total = beside.get('total');
  if (total === undefined) return { total: 0, exact: false };
  const { value, relation } = JSON.parse(slice(text, total)) as { value: number; relation: string };
  return { total: value, exact: relation === 'eq' };
}
