export const READER = Symbol('reader of views');
export const GUARDS = Symbol('what a caller may see');
export const VIEWS = Symbol('views that are served');
