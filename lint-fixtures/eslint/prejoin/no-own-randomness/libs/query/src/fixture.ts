export const jitter = (): number => Math.random() * 100; // refused
export const delay = (random: () => number): number => random() * 100;
