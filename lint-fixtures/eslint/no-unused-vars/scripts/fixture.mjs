const forgotten = 1; // refused
export const used = 2;
