export { readFile } from 'fs/promises';
