export const same = (a: number | null, b: number | null): boolean => a == b; // refused
export const equal = (a: number, b: number): boolean => a === b;
