import { describe, expect, test } from '@jest/globals';
import { orderPlan } from '../testing/order-plan.js';
import { indexDefinition, indexMapping, languagesOf } from './mapping.js';

describe('The mapping of a plan', () => {
  test('is this one, for every kind of field', () => {
    const { _meta, ...mapping } = indexMapping(orderPlan);
    expect(_meta).toEqual({ view: 'order-search', fingerprint: '0123456789ab', plan: orderPlan });
    expect(mapping).toMatchSnapshot();
  });

  test('comes with settings that keep tombstones, refresh and acknowledged writes', () => {
    expect(indexDefinition(orderPlan)['settings']).toMatchSnapshot();
  });

  test('uses folding and languages only where the server has them', () => {
    expect(languagesOf(orderPlan)).toEqual(['german']);
    const able = { folding: true, languages: new Set(['german']) };
    expect(JSON.stringify(indexMapping(orderPlan, able))).toContain('"analyzer":"german"');
    expect(JSON.stringify(indexMapping(orderPlan))).not.toContain('"analyzer":"german"');
    expect(JSON.stringify(indexDefinition(orderPlan, able)['settings'])).toContain('asciifolding');
    expect(JSON.stringify(indexDefinition(orderPlan)['settings'])).not.toContain('asciifolding');
  });
});
