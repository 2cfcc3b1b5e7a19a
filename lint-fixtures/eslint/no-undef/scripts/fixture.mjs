export const lost = somethingElse; // refused
export const found = process.argv;
