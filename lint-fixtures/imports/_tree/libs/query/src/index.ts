import { search } from '#search';

export const query = search;
