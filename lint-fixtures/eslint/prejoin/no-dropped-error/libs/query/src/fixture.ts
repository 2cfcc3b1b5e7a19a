const work = async (): Promise<number> => Promise.resolve(1);

export const dropped = work().catch(() => {}); // refused
export const forgotten = work().catch(() => undefined); // refused
export const nulled = work().catch(() => null); // refused
export const counted = work().catch((error: unknown) => String(error));
