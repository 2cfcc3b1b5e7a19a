import {
  choicesVariable,
  choiceVariable,
  ConfigError,
  describeConfig,
  integerVariable,
  readConfig,
  urlVariable,
} from './config.js';

const spec = {
  DATABASE_URL: urlVariable({
    meaning: 'Where the rows are.',
    example: 'postgres://orders:…@localhost/orders',
    protocols: ['postgres:', 'postgresql:'],
  }),
  PORT: integerVariable({ meaning: 'The port.', example: '3001', default: '3001', min: 1, max: 65_535 }),
  LEVEL: choiceVariable({
    meaning: 'How much.',
    example: 'info',
    default: 'info',
    values: ['info', 'debug'],
  }),
  SERVICES: choicesVariable({ meaning: 'Which.', example: 'a,b', default: 'a,b', values: ['a', 'b', 'c'] }),
};

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(spec, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('readConfig', () => {
  it('reads values and defaults in their own types', () => {
    const config = readConfig(spec, { DATABASE_URL: 'postgres://h/d', SERVICES: 'c, a,c' });
    expect(config).toEqual({
      DATABASE_URL: 'postgres://h/d',
      PORT: 3001,
      LEVEL: 'info',
      SERVICES: ['c', 'a'],
    });
  });

  it('names every fault at once, each as a sentence with an example', () => {
    const faults = faultsOf({ PORT: '70000', LEVEL: 'loud', SERVICES: 'a,z' });
    expect(faults).toHaveLength(4);
    expect(faults[0]).toBe(
      'DATABASE_URL is missing: Where the rows are. Example: DATABASE_URL=postgres://orders:…@localhost/orders',
    );
    expect(faults[1]).toContain('PORT must be a whole number from 1 to 65535, and is "70000"');
    expect(faults[2]).toContain('LEVEL must be one of info, debug, and is "loud"');
    expect(faults[3]).toContain('SERVICES must list some of a, b, c, separated by commas, and has "z"');
  });

  it('never repeats a URL that it refuses, since it may hold a password', () => {
    const [fault] = faultsOf({ DATABASE_URL: 'mysql://u:hunter2@h/d' });
    expect(fault).toContain('must be a URL that begins with postgres:// or postgresql://');
    expect(fault).not.toContain('hunter2');
  });

  it('takes an empty text for absent', () => {
    expect(faultsOf({ DATABASE_URL: '' })[0]).toContain('DATABASE_URL is missing');
  });

  it.each(['1.5', '1e3', ' 5x', '0x10', 'NaN'])('refuses %p as a whole number', (PORT) => {
    expect(faultsOf({ DATABASE_URL: 'postgres://h/d', PORT })).toHaveLength(1);
  });

  it('describes a specification as the table of the documentation', () => {
    expect(describeConfig(spec).split('\n')[2]).toBe(
      '| `DATABASE_URL` | Where the rows are. | required | `postgres://orders:…@localhost/orders` |',
    );
  });
});
