import { canonicalJson, type Hints, type Plan } from '#views';
import { additive, breaking, type LockChange } from './verdict.js';
import { hintText, lockedFields, lockedJoins, type LockedField } from './view-fields.js';

/**
 * What a change of a view's declaration does. Documents of another plan need an index of their own, so all of it needs
 * a rebuild; it is breaking when a query that was answered is refused afterwards, or is answered with less.
 */
export function viewChanges(before: Plan, after: Plan): readonly LockChange[] {
  const changes = [
    ...rootChanges(before, after),
    ...fieldChanges(before, after),
    ...joinChanges(before, after),
  ];
  if (changes.length > 0 || content(before) === content(after)) return changes;
  return [breaking('the plan changed in a way that no rule knows: compare the plans below', 'a rebuild')];
}

/** All but the name, which a renamed view changes alone. */
function content(plan: Plan): string {
  return canonicalJson({ ...plan, view: '', fingerprint: '' });
}

function rootChanges(before: Plan, after: Plan): readonly LockChange[] {
  const changes: LockChange[] = [];
  if (before.root !== after.root)
    changes.push(breaking(`documents are about ${after.root}, and were about ${before.root}`, 'a rebuild'));
  if (canonicalJson(before.where) !== canonicalJson(after.where)) {
    changes.push(
      after.where === null
        ? additive('every root has a document: the view has no filter any more', 'a rebuild')
        : breaking('another filter decides which roots have a document', 'a rebuild'),
    );
  }
  if (canonicalJson(before.sort) !== canonicalJson(after.sort))
    changes.push(additive(`default sort: ${sortText(after)}, was ${sortText(before)}`, 'a rebuild'));
  return changes;
}

function sortText({ sort }: Plan): string {
  return sort.map(({ column, descending }) => `${descending ? '-' : ''}${column}`).join(', ') || 'by id';
}

function fieldChanges(before: Plan, after: Plan): readonly LockChange[] {
  const [old, now] = [byPath(before), byPath(after)];
  const removed = [...old.keys()].filter((path) => !now.has(path));
  return [
    ...removed.map((path) =>
      breaking(`${path}: field removed, readers that ask for it get 400`, 'a rebuild'),
    ),
    ...[...now.values()].flatMap((field) => {
      const was = old.get(field.path);
      return was === undefined
        ? [additive(`${field.path}: field added`, 'a rebuild')]
        : changesOf(was, field);
    }),
  ];
}

function byPath(plan: Plan): ReadonlyMap<string, LockedField> {
  return new Map(lockedFields(plan).map((field) => [field.path, field]));
}

function changesOf(before: LockedField, after: LockedField): readonly LockChange[] {
  const { path } = after;
  const changes: LockChange[] = [];
  const kindOf = ({ kind, currency }: LockedField): string =>
    currency === undefined ? kind : `${kind}(${currency})`;
  if (kindOf(before) !== kindOf(after))
    changes.push(breaking(`${path}: is ${kindOf(after)}, was ${kindOf(before)}`, 'a rebuild'));
  if (before.nullable !== after.nullable) {
    changes.push(
      after.nullable
        ? breaking(`${path}: may be null, and never was`, 'a rebuild')
        : additive(`${path}: is never null any more`, 'a rebuild'),
    );
  }
  if (before.array !== after.array)
    changes.push(
      breaking(`${path}: ${after.array ? 'several values, was one' : 'one value, was several'}`, 'a rebuild'),
    );
  if (before.nested !== after.nested)
    changes.push(
      breaking(
        `${path}: conditions on one element of ${after.nested ?? before.nested ?? ''} match otherwise`,
        'a rebuild',
      ),
    );
  changes.push(...valueChanges(before, after), ...hintChanges(path, before.hints, after.hints));
  if (before.origin !== after.origin)
    changes.push(additive(`${path}: is made of ${after.origin}, was of ${before.origin}`, 'a rebuild'));
  return changes;
}

function valueChanges(before: LockedField, after: LockedField): readonly LockChange[] {
  const [old, now] = [before.values ?? [], after.values ?? []];
  const gone = old.filter((value) => !now.includes(value));
  const added = now.filter((value) => !old.includes(value));
  return [
    ...(gone.length === 0
      ? []
      : [breaking(`${after.path}: filters by ${gone.join(', ')} are refused`, 'a rebuild')]),
    ...(added.length === 0 ? [] : [additive(`${after.path}: may also be ${added.join(', ')}`, 'a rebuild')]),
  ];
}

function hintChanges(path: string, before: Hints, after: Hints): readonly LockChange[] {
  const hintsOf = (hints: Hints): ReadonlyMap<string, unknown> => new Map(Object.entries(hints));
  const [old, now] = [hintsOf(before), hintsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (canonicalJson(was) === canonicalJson(is)) return [];
    // What is only carried can not be asked for; every other hint allows something to be asked.
    const takes = name === 'carry' ? is !== undefined : is === undefined;
    const what =
      is === undefined
        ? `${name} removed`
        : was === undefined
          ? `${hintText(name, is)} added`
          : `${hintText(name, is)}, was ${hintText(name, was)}`;
    return [takes ? breaking(`${path}: ${what}`, 'a rebuild') : additive(`${path}: ${what}`, 'a rebuild')];
  });
}

/** Which partners stand in a document is no promise to readers, so another choice of them breaks no query. */
function joinChanges(before: Plan, after: Plan): readonly LockChange[] {
  const old = new Map(lockedJoins(before).map(({ path, rows }) => [path, rows]));
  return lockedJoins(after).flatMap(({ path, rows }) =>
    !old.has(path) || old.get(path) === rows
      ? []
      : [
          additive(
            `${path}: other rows are joined than before (reference, where, sort, limit, required, or how older events are read)`,
            'a rebuild',
          ),
        ],
  );
}
