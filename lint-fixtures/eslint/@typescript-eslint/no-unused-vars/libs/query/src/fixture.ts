const forgotten = 1; // refused

export const used = (_unusedOnPurpose: number): number => 2;
