import { existsSync } from 'node:fs';

export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  // Not the whole folder: dist holds a compiled copy of every spec's subject. Jest refuses a root that does not exist.
  roots: ['apps', 'libs', 'stack', 'demo', 'bench', 'scripts']
    .filter((folder) => existsSync(folder))
    .map((folder) => `<rootDir>/${folder}`),
  globalSetup: '<rootDir>/stack/jest-setup.mjs',
  globalTeardown: '<rootDir>/stack/jest-teardown.mjs',
  testSequencer: '<rootDir>/scripts/slow-first.mjs',
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // The machines have two cores, and every worker holds its own database pools.
  maxWorkers: 2,
  testTimeout: 30_000,
};
