import { geo, id, int, nullable, source, string, text, view } from '#views';
import type { OrderDocument } from './orders.js';

const place = source(
  'place',
  { id: id(), name: string(), at: nullable(geo()), beds: int() },
  { owner: 'places' },
);

/** A view of places, which no domain has: it had another name, and will be gone. */
export const listings = view('listings', place, { was: 'places-to-stay', deprecated: '2027-03-01' }, (p) => ({
  name: text(p.name),
  at: p.at,
  beds: p.beds,
}));

export const places: readonly OrderDocument[] = [
  { id: 'dam', name: 'At the dam', at: { lat: 52.3731, lon: 4.8926 }, beds: 2 },
  { id: 'utrecht', name: 'By the canal', at: { lat: 52.0907, lon: 5.1214 }, beds: 4 },
  { id: 'nowhere', name: 'Nowhere', at: null, beds: 1 },
];
