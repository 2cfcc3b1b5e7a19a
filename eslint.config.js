import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { plugin } from './scripts/lint-rules.mjs';

const tests = [
  '**/*.spec.ts',
  '**/*.types.ts',
  '**/*.contract.ts',
  '{apps,libs}/*/src/**/testing/**/*.ts',
  '**/testing.ts',
];

/**
 * The blocks named `prejoin/…` hold our own choices. `npm run lint` proves of each rule in them that it fires, on the
 * fixtures in lint-fixtures/eslint/ (scripts/check-lint-fixtures.mjs).
 */
export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'lint-fixtures/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    name: 'prejoin/typescript',
    files: ['**/*.ts'],
    plugins: { prejoin: plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-empty': 'error',
      eqeqeq: 'error',
      'prejoin/no-default-export': 'error',
      'prejoin/no-export-star': 'error',
      'prejoin/relation-type': 'error',
      'prejoin/no-dropped-error': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Where the Clock is a must: the cores of the libs. Apps choose the clock that they pass in; an http or nest folder
    // measures requests; kernel/src/time.ts is where the real clock is made; libs/testing waits for real servers.
    name: 'prejoin/cores',
    files: ['libs/*/src/**/*.ts'],
    ignores: ['libs/kernel/src/time.ts', 'libs/testing/**', 'libs/*/src/{http,nest}/**', ...tests],
    rules: {
      'prejoin/time-from-clock': 'error',
      'prejoin/no-own-randomness': 'error',
      'prejoin/no-exit': 'error',
    },
  },
  {
    name: 'prejoin/tests',
    files: tests,
    rules: {
      'prejoin/no-skipped-test': 'error',
      'prejoin/no-retried-test': 'error',
      // A describe block is a list of tests, not a function to keep short.
      'max-lines-per-function': 'off',
    },
  },
  {
    name: 'prejoin/scripts',
    files: ['**/*.mjs', '**/*.js'],
    // The names that Node itself has, so that no list of them has to be kept.
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
);
