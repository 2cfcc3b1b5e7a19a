export const inASpec = 1;
