export const anything: any = 1; // refused
export const something: unknown = 1;
