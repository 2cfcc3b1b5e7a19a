import {
  bool,
  day,
  facet,
  guard,
  id,
  instant,
  int,
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

const patient = source('patient', {
  id: id(),
  clinicId: string(),
  name: string(),
  bornOn: day(),
  deceased: bool(),
});
const room = source('room', { id: id(), label: string() });
const practitioner = source('practitioner', {
  id: id(),
  name: string(),
  speciality: oneOf('gp', 'dental', 'physio'),
});
const appointment = source('appointment', {
  id: id(),
  clinicId: string(),
  patientId: ref(patient),
  practitionerId: ref(practitioner),
  roomId: nullable(ref(room)),
  startsAt: instant(),
  minutes: int(),
  status: oneOf('booked', 'arrived', 'done', 'no-show'),
});
const note = source('note', {
  id: id(),
  appointmentId: ref(appointment),
  kind: oneOf('intake', 'summary'),
  body: prose(),
  at: instant(),
});

/** A filter on the root, a required partner that must match, and the latest of several that match. */
export const agenda = view(
  'agenda',
  appointment,
  { where: { status: { ne: 'no-show' } }, sort: 'startsAt' },
  (a) => ({
    clinicId: guard(a.clinicId),
    startsAt: a.startsAt,
    status: facet(a.status),
    patient: one(a.patientId, { where: { deceased: false }, required: true }, (p) => ({
      name: text(p.name),
      bornOn: p.bornOn,
    })),
    with: one(a.practitionerId, (p) => facet(p.speciality)),
    room: one(a.roomId, (r) => r.label),
    summary: one(note.appointmentId, { where: { kind: 'summary' }, sort: '-at' }, (n) =>
      text(n.body, { language: 'dutch' }),
    ),
  }),
);

const visit = {
  clinicId: 'north',
  patientId: 'ada',
  practitionerId: 'dr-b',
  roomId: null,
  startsAt: '2026-04-01T08:00:00Z',
  minutes: 10,
  status: 'booked',
} as const;

const rows = {
  patient: [
    { id: 'ada', clinicId: 'north', name: 'Ada', bornOn: '1990-12-10', deceased: false },
    { id: 'old', clinicId: 'north', name: 'Old', bornOn: '1920-01-01', deceased: true },
  ] satisfies StateOf<typeof patient>[],
  room: [{ id: 'r1', label: 'Room 1' }] satisfies StateOf<typeof room>[],
  practitioner: [{ id: 'dr-b', name: 'Dr B', speciality: 'dental' }] satisfies StateOf<typeof practitioner>[],
  appointment: [
    { ...visit, id: 'a1', roomId: 'r1', status: 'done' },
    { ...visit, id: 'a2', practitionerId: 'gone' },
    { ...visit, id: 'a3', status: 'no-show' },
    { ...visit, id: 'a4', patientId: 'old' },
    { ...visit, id: 'a5', patientId: 'gone' },
  ] satisfies StateOf<typeof appointment>[],
  note: [
    { id: 'n1', appointmentId: 'a1', kind: 'summary', body: 'Eerste', at: '2026-04-01T08:10:00Z' },
    { id: 'n2', appointmentId: 'a1', kind: 'summary', body: 'Tweede', at: '2026-04-01T08:20:00Z' },
    { id: 'n3', appointmentId: 'a1', kind: 'intake', body: 'Later', at: '2026-04-01T08:30:00Z' },
    { id: 'n4', appointmentId: 'a2', kind: 'intake', body: 'Intake', at: '2026-04-01T08:30:00Z' },
  ] satisfies StateOf<typeof note>[],
};

const documents: DocumentOf<typeof agenda>[] = [
  {
    id: 'a1',
    clinicId: 'north',
    startsAt: '2026-04-01T08:00:00Z',
    status: 'done',
    patient: { name: 'Ada', bornOn: '1990-12-10' },
    with: 'dental',
    room: 'Room 1',
    summary: 'Tweede',
  },
  {
    id: 'a2',
    clinicId: 'north',
    startsAt: '2026-04-01T08:00:00Z',
    status: 'booked',
    patient: { name: 'Ada', bornOn: '1990-12-10' },
    with: null,
    room: null,
    summary: null,
  },
];

export const clinic: Domain = {
  name: 'clinic',
  sources: [patient, room, practitioner, appointment, note],
  rows,
  views: [{ view: agenda, documents }],
};
