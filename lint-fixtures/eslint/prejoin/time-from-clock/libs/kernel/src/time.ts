export const systemClock = { now: (): Date => new Date() };
