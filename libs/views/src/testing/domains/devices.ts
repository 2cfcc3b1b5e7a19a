import {
  bool,
  decimal,
  facet,
  geo,
  id,
  instant,
  nullable,
  one,
  ref,
  source,
  string,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const site = source('site', { id: id(), name: string(), at: geo() });
const device = source('device', { id: id(), serial: string(), siteId: ref(site), model: string() });
/** The last reading: one aggregate for each device, which has the device's id. */
const deviceState = source('device-state', {
  id: id(ref(device)),
  celsius: nullable(decimal()),
  online: bool(),
  seenAt: instant(),
});

/** A partner that shares the id. */
export const deviceList = view('devices', device, (d) => ({
  serial: d.serial,
  site: one(d.siteId, (s) => ({ name: facet(s.name), at: s.at })),
  state: one(deviceState.id, (s) => ({ celsius: s.celsius, online: facet(s.online), seenAt: s.seenAt })),
}));

const rows = {
  site: [{ id: 's1', name: 'Roof', at: { lat: 52, lon: 4.5 } }] satisfies StateOf<typeof site>[],
  device: [
    { id: 'd1', serial: 'A-1', siteId: 's1', model: 'm' },
    { id: 'd2', serial: 'A-2', siteId: 's1', model: 'm' },
    { id: 'd3', serial: 'A-3', siteId: 'gone', model: 'm' },
  ] satisfies StateOf<typeof device>[],
  'device-state': [
    { id: 'd1', celsius: 21.5, online: true, seenAt: '2026-06-01T00:00:00Z' },
    { id: 'd2', celsius: null, online: false, seenAt: '2026-06-01T00:00:01Z' },
  ] satisfies StateOf<typeof deviceState>[],
};

const roof = { name: 'Roof', at: { lat: 52, lon: 4.5 } };
const documents: DocumentOf<typeof deviceList>[] = [
  {
    id: 'd1',
    serial: 'A-1',
    site: roof,
    state: { celsius: 21.5, online: true, seenAt: '2026-06-01T00:00:00Z' },
  },
  {
    id: 'd2',
    serial: 'A-2',
    site: roof,
    state: { celsius: null, online: false, seenAt: '2026-06-01T00:00:01Z' },
  },
  { id: 'd3', serial: 'A-3', site: null, state: null },
];

export const devices: Domain = {
  name: 'devices',
  sources: [site, device, deviceState],
  rows,
  views: [{ view: deviceList, documents }],
};
