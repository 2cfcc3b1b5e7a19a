import {
  array,
  avg,
  carry,
  count,
  facet,
  geo,
  id,
  instant,
  int,
  json,
  money,
  nullable,
  one,
  oneOf,
  prose,
  ref,
  source,
  string,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const seller = source('seller', { id: id(), name: string(), state: oneOf('active', 'suspended') });
const listing = source('listing', {
  id: id(),
  sellerId: ref(seller),
  title: string(),
  body: prose(),
  price: money('EUR'),
  state: oneOf('draft', 'published', 'sold'),
  at: geo(),
  labels: array(string()),
  attributes: json<Record<string, string>>(),
  deletedAt: nullable(instant()),
});
const review = source('review', { id: id(), sellerId: ref(seller), stars: int() });

/** Roll-ups of a partner: a listing shows what its seller's reviews come to, and goes when the seller is suspended. */
export const listingSearch = view(
  'listing-search',
  listing,
  { where: { state: 'published', deletedAt: null } },
  (l) => ({
    title: text(l.title, { weight: 5 }),
    body: text(l.body),
    price: l.price,
    at: l.at,
    labels: facet(l.labels),
    attributes: carry(l.attributes),
    seller: one(l.sellerId, { where: { state: 'active' }, required: true }, (s) => ({
      name: text(s.name),
      rating: avg(review.sellerId, (r) => r.stars),
      reviews: count(review.sellerId),
    })),
  }),
);

const bike = {
  sellerId: 'sam',
  title: 'Bike',
  body: 'As good as new.',
  price: 15000,
  state: 'published',
  at: { lat: 52.1, lon: 5.1 },
  labels: ['used', 'red'],
  attributes: { frame: 'steel' },
  deletedAt: null,
} as const;

const rows = {
  seller: [
    { id: 'sam', name: 'Sam', state: 'active' },
    { id: 'new', name: 'Newt', state: 'active' },
    { id: 'sly', name: 'Sly', state: 'suspended' },
  ] satisfies StateOf<typeof seller>[],
  listing: [
    { ...bike, id: 'l1' },
    { ...bike, id: 'l2', sellerId: 'new', labels: [], attributes: {} },
    { ...bike, id: 'l3', sellerId: 'sly' },
    { ...bike, id: 'l4', state: 'draft' },
    { ...bike, id: 'l5', deletedAt: '2026-01-01T00:00:00Z' },
  ] satisfies StateOf<typeof listing>[],
  review: [
    { id: 'r1', sellerId: 'sam', stars: 5 },
    { id: 'r2', sellerId: 'sam', stars: 4 },
    { id: 'r3', sellerId: 'sam', stars: 4 },
    { id: 'r4', sellerId: 'sly', stars: 1 },
  ] satisfies StateOf<typeof review>[],
};

const shown = {
  title: 'Bike',
  body: 'As good as new.',
  price: 15000,
  at: { lat: 52.1, lon: 5.1 },
};
const documents: DocumentOf<typeof listingSearch>[] = [
  {
    ...shown,
    id: 'l1',
    labels: ['used', 'red'],
    attributes: { frame: 'steel' },
    seller: { name: 'Sam', rating: 13 / 3, reviews: 3 },
  },
  { ...shown, id: 'l2', labels: [], attributes: {}, seller: { name: 'Newt', rating: null, reviews: 0 } },
];

export const marketplace: Domain = {
  name: 'marketplace',
  sources: [seller, listing, review],
  rows,
  views: [{ view: listingSearch, documents }],
};
