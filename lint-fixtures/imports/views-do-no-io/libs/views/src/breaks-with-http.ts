export * as io from 'node:http';
