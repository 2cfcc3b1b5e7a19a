export { QueryInvalidError, type FaultCode, type QueryFault } from './faults.js';
export { parseQuery, type ListQuery, type Parsed } from './parse/parse.js';
export { createReader, type Page, type Reader, type ReaderOptions } from './reader.js';
export { servedView, type ServedView } from './served-view.js';
