import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '#kernel';
import { readProjectionConfig, readProjectorConfig } from './config.js';

const url = 'postgres://projection:secret@127.0.0.1/projection';

describe('the configuration of the projector', () => {
  it('needs nothing but its database where the servers are local', () => {
    expect(readProjectorConfig({ PROJECTION_DATABASE_URL: url })).toMatchObject({
      PROJECTOR_PORT: 3002,
      BUS_PREFIX: 'prejoin',
      INDEX_PREFIX: '',
      BUILD_BATCH: 2_000,
    });
  });

  it('names all faults at once', () => {
    const read = () =>
      readProjectorConfig({ PROJECTOR_PORT: '70000', BUILD_LANES: '0', RABBITMQ_URL: 'http://x' });
    expect(read).toThrow(ConfigError);
    try {
      read();
    } catch (error) {
      expect((error as ConfigError).faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
        'BUILD_LANES',
        'PROJECTION_DATABASE_URL',
        'PROJECTOR_PORT',
        'RABBITMQ_URL',
      ]);
    }
  });

  it('asks neither broker nor port of a migration', () => {
    expect(
      readProjectionConfig({ PROJECTION_DATABASE_URL: url, RABBITMQ_URL: 'nonsense' }),
    ).not.toHaveProperty('RABBITMQ_URL');
  });
});
