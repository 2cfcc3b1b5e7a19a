import { fieldsByPath } from '../fields.js';
import { orderPlan } from '../testing/order-plan.js';
import { patternOf } from './suggest.js';

const field = (path: string) => {
  const found = fieldsByPath(orderPlan).get(path);
  if (found === undefined) throw new Error(path);
  return found;
};

describe('The pattern of a prefix', () => {
  it('has every sign escaped, so that none means anything to Lucene', () => {
    expect(patternOf('.?+*|{}[]()"\\#@&<>~^$- ', field('tags'))).toBe(
      '\\.\\?\\+\\*\\|\\{\\}\\[\\]\\(\\)\\"\\\\\\#\\@\\&\\<\\>\\~\\^\\$\\-\\ .*',
    );
  });

  it('has letters of either case, and no class of Lucene made of a letter', () => {
    expect(patternOf('d1é', field('tags'))).toBe('(d|D)1(é|É).*');
    expect(patternOf('ß😀', field('tags'))).toBe('ß\\😀.*');
  });

  it('begins anywhere after a sign in a field that is text, for a single word', () => {
    const [anywhere] = patternOf('x', field('lines.product.name')).split('(x|X)');
    expect(anywhere).toMatch(/^\(\.\*\[.*\]\)\?$/);
    expect(patternOf('x y', field('lines.product.name'))).toBe('(x|X)\\ (y|Y).*');
  });
});
