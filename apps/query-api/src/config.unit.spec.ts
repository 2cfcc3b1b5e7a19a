import { describe, expect, test } from '@jest/globals';
import { ConfigError, describeConfig } from '#kernel';
import { configSpec, readQueryApiConfig } from './config.js';

describe('The configuration of the query API', () => {
  test('needs nothing for development, and has no secret of its own then', () => {
    expect(readQueryApiConfig({})).toMatchObject({
      QUERY_API_PORT: 3003,
      HOST: '127.0.0.1',
      INDEX_PREFIX: '',
      CURSOR_SECRET: null,
      PROJECTION_DATABASE_URL: null,
    });
  });

  test('takes a database to know how fresh documents are', () => {
    const url = 'postgres://reader:secret@127.0.0.1:5432/projection';
    expect(readQueryApiConfig({ PROJECTION_DATABASE_URL: url }).PROJECTION_DATABASE_URL).toBe(url);
    expect(() => readQueryApiConfig({ PROJECTION_DATABASE_URL: 'mysql://secret' })).toThrow(
      /PROJECTION_DATABASE_URL must be a URL/,
    );
    expect(() => readQueryApiConfig({ PROJECTION_DATABASE_URL: 'mysql://secret' })).not.toThrow(/mysql/);
  });

  test('needs a secret in production', () => {
    expect(() => readQueryApiConfig({ NODE_ENV: 'production' })).toThrow(/CURSOR_SECRET is missing/);
    const secret = 'a-long-random-text-of-32-characters';
    expect(readQueryApiConfig({ NODE_ENV: 'production', CURSOR_SECRET: secret }).CURSOR_SECRET).toBe(secret);
  });

  test('a short secret is refused and not repeated', () => {
    expect(() => readQueryApiConfig({ CURSOR_SECRET: 'hunter2' })).toThrow(
      /CURSOR_SECRET must have at least 16/,
    );
    expect(() => readQueryApiConfig({ CURSOR_SECRET: 'hunter2' })).not.toThrow(/hunter2/);
  });

  test('all faults are listed at once', () => {
    const wrong = {
      NODE_ENV: 'production',
      QUERY_API_PORT: 'x',
      ELASTICSEARCH_URL: 'ftp://a',
      LOG_LEVEL: 'loud',
    };
    try {
      readQueryApiConfig(wrong);
      throw new Error('it was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).faults).toHaveLength(4);
    }
  });

  test('every variable is described', () => {
    expect(describeConfig(configSpec)).toMatch(/CURSOR_SECRET/);
  });
});
