export * as io from 'node:fs';
