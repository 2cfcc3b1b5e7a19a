/**
 * Compiled by tsc only: every misuse is an error, on the line after its directive. That the first line of the error says
 * why is checked by misuse.unit.spec.ts, which reads the words behind each directive.
 */
import { listingSearch, orderSearch, tickets } from '#views/testing';
import { createClient } from './index.js';

const client = createClient({ baseUrl: 'http://127.0.0.1' });
const orders = client.view(orderSearch);
const listings = client.view(listingSearch);

// ---- filters

// @ts-expect-error ''customer.teir'' does not exist in type
void orders.search({ where: { 'customer.teir': 'gold' } });

// @ts-expect-error '"platinum"' is not assignable to type
void orders.search({ where: { 'customer.tier': 'platinum' } });

// @ts-expect-error 'string' is not assignable to type
void orders.search({ where: { total: '1000' } });

// @ts-expect-error '{ gte: number; }' is not assignable to type
void orders.search({ where: { placedAt: { gte: 5 } } });

// @ts-expect-error 'null' is not assignable to type
void orders.search({ where: { placedAt: null } });

// @ts-expect-error 'gte' does not exist in type
void orders.search({ where: { status: { gte: 'pending' } } });

// @ts-expect-error 'prefix' does not exist in type
void orders.search({ where: { total: { prefix: '1' } } });

// @ts-expect-error 'all' does not exist in type
void orders.search({ where: { status: { all: ['pending'] } } });

// @ts-expect-error 'stauts' does not exist in type
void orders.search({ where: { or: [{ total: 1 }, { not: { stauts: 'pending' } }] } });

// @ts-expect-error 'body' does not exist in type
void listings.search({ where: { body: 'new' } });

// @ts-expect-error '"5 miles"' is not assignable to type
void listings.search({ where: { at: { near: { lat: 52.4, lon: 4.9, distance: '5 miles' } } } });

const slip = { total: 1, 'customer.teir': 'gold' } as const;
// @ts-expect-error 'order-search' has no field 'customer.teir'
void orders.search({ where: slip });

const deepSlip = { or: [{ total: 1 }, { not: { 'customer.teir': 'gold', total: 2 } }] } as const;
// @ts-expect-error 'order-search' has no field 'customer.teir'
void orders.search({ where: deepSlip });

const prose = { price: 1, body: 'new' } as const;
// @ts-expect-error 'listing-search' can not be filtered by 'body'
void listings.search({ where: prose });

// ---- sorts

// @ts-expect-error '"-placed"' is not assignable to type
void orders.search({ sort: ['-placed'] });

// @ts-expect-error '"placedAt:nulls"' is not assignable to type
void orders.search({ sort: 'placedAt:nulls' });

// @ts-expect-error '"at"' is not assignable to type
void listings.search({ sort: ['at'] });

// ---- fields, facets and words

// @ts-expect-error '"customer.nme"' is not assignable to type
void orders.search({ fields: ['customer.nme'] });

void orders.search({ fields: ['status'] }).then(({ data: [order] }) => {
  // @ts-expect-error Property 'total' does not exist
  void order?.total;
});

// @ts-expect-error '"statsu:5"' is not assignable to type
void orders.search({ facets: ['statsu:5'] });

// @ts-expect-error '"total:month"' is not assignable to type
void orders.search({ facets: ['total:month'] });

// @ts-expect-error '"at"' is not assignable to type
void listings.search({ facets: ['at'] });

void orders.search({ facets: ['status'] }).then(({ facets }) => {
  // @ts-expect-error Property 'total' does not exist
  void facets.total;
});

void orders.search({}).then((page) => {
  // @ts-expect-error Property 'facets' does not exist
  void page.facets;
});

// @ts-expect-error '"total"' is not assignable to type
void orders.search({ q: 'lamp', in: ['total'] });

// @ts-expect-error '"all"' is not assignable to type
void orders.search({ totals: 'all' });

// @ts-expect-error 'limt' does not exist in type
void orders.search({ limt: 5 });

// ---- figures and suggestions

// @ts-expect-error '"status"' is not assignable to type
void orders.stats({ sum: ['status'] });

// @ts-expect-error '"placedAt"' is not assignable to type
void orders.stats({ avg: ['placedAt'] });

// @ts-expect-error '"total:..5|5.."' is not assignable to type
void orders.stats({ by: 'total:..5|5..' });

// @ts-expect-error '"total"' is not assignable to type
void orders.suggest({ field: 'total' });

// @ts-expect-error Argument of type '"order-serach"' is not assignable to parameter of type '"order-search"'
void client.viewNamed<typeof orderSearch>('order-serach');

// @ts-expect-error Argument of type '"order-search"' is not assignable to parameter of type 'never'
void client.viewNamed('order-search');

// @ts-expect-error 'tickets' has no field 'latest.sendAt'
void client.view(tickets).export({ where: { 'latest.sentAt': { exists: true }, 'latest.sendAt': null } });
