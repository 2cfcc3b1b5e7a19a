import { check, checkSources, compile, fieldsOf, routesOf } from '#views';
import { orderSearch, sources, views } from './index.js';

describe('the commerce domain', () => {
  it('declares sources and views without faults', () => {
    expect(checkSources(sources)).toEqual([]);
    expect(views.flatMap((view) => check(view))).toEqual([]);
  });

  it('has the plan, routes and fields of order-search that were reviewed', () => {
    const plan = compile(orderSearch);
    // The key of the compute function is its text as the compiler at hand prints it, so it is not pinned here.
    const pinned = JSON.stringify(plan, null, 1)
      .replace(plan.fingerprint, '<fingerprint>')
      .replace(/"key": "[0-9a-f]{12}"/, '"key": "<key>"');
    expect(pinned).toMatchSnapshot();
    expect(routesOf(plan)).toMatchSnapshot();
    expect(fieldsOf(plan).map((field) => field.path)).toMatchSnapshot();
  });
});
