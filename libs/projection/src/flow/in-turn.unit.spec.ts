import { expect, it } from '@jest/globals';
import { inTurn } from './in-turn.js';

function pieces() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  return { begun, ends, work };
}

it('begins each piece of work when the one before has ended, also where that failed', async () => {
  const { begun, ends, work } = pieces();
  const turns = inTurn(() => true);
  const [first, second, third] = [turns(work('first')), turns(work('second')), turns(work('third'))];
  await new Promise(setImmediate);
  expect(begun).toEqual(['first']);
  ends.get('first')?.reject(new Error('the first failed'));
  await expect(first).rejects.toThrow('the first failed');
  await new Promise(setImmediate);
  expect(begun).toEqual(['first', 'second']);
  ends.get('second')?.resolve('done');
  expect(await second).toBe('done');
  await new Promise(setImmediate);
  ends.get('third')?.resolve('done as well');
  expect(await third).toBe('done as well');
});

it('begins them side by side otherwise, and waits for all that are under way when it is to be one by one again', async () => {
  const { begun, ends, work } = pieces();
  let oneByOne = false;
  const turns = inTurn(() => oneByOne);
  const both = [turns(work('a')), turns(work('b'))];
  expect(begun).toEqual(['a', 'b']);
  oneByOne = true;
  const last = turns(work('c'));
  ends.get('b')?.resolve('b');
  await new Promise(setImmediate);
  expect(begun).toEqual(['a', 'b']);
  ends.get('a')?.resolve('a');
  await Promise.all(both);
  await new Promise(setImmediate);
  expect(begun).toEqual(['a', 'b', 'c']);
  ends.get('c')?.resolve('c');
  expect(await last).toBe('c');
});
