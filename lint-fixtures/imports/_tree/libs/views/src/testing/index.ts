export const domains = [];
