export * as io from 'node:net';
