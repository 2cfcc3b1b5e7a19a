import { createTestSpace } from '#testing';
import { domains } from '#views/testing';
import { Client } from '@elastic/elasticsearch';
import { expect, test } from '@jest/globals';
import { hidden } from './private.js';

test('a spec may look at the servers itself', () => {
  expect([createTestSpace, Client, domains, hidden]).toBeDefined();
});
