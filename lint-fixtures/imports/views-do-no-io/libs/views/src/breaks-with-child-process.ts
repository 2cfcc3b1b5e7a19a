export * as io from 'node:child_process';
