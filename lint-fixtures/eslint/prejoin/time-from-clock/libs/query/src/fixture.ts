export const started = Date.now(); // refused
export const today = new Date(); // refused
export const asText = Date(); // refused
export const parsed = new Date('2026-05-31T00:00:00Z');
export const instant = Date.parse('2026-05-31T00:00:00Z');
