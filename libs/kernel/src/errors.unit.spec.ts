import { forPeople, messageOf, PrejoinError } from './errors.js';

describe('what people are told of an error', () => {
  it('is the message, and the remedy on a line of its own', () => {
    expect(forPeople(new PrejoinError('x', 'It is away.', { remedy: 'Start it.' }))).toBe(
      'It is away.\nStart it.\n',
    );
    expect(forPeople(new PrejoinError('x', 'It is away.'))).toBe('It is away.\n');
    expect(forPeople('a text')).toBe('a text\n');
  });

  it('names every part of an error that is only a collection', () => {
    expect(messageOf(new AggregateError([new Error('one'), new Error('two')]))).toBe('one; two');
  });
});
