import { misusesIn } from '#views/testing';

describe('the misuses of the client that the compiler refuses', () => {
  const { misuses, lines } = misusesIn(new URL('misuse.types.ts', import.meta.url));

  it('are all there', () => {
    expect(misuses.length).toBeGreaterThan(30);
    expect(lines).toEqual(misuses.map(({ line }) => line));
  });

  it.each(misuses)('are told in words, in the first line: $words (line $line)', ({ words, told }) => {
    expect(told).toContainEqual(expect.stringContaining(words));
  });

  it('are told as they were reviewed', () => {
    expect(misuses.map(({ words, told }) => told.find((text) => text.includes(words)))).toMatchSnapshot();
  });
});
