/** `field-service` is `fieldService` in code. */
export function identifier(domain) {
  return domain.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** The files of a new domain, by their path in its lib. */
export function filesOf(domain) {
  const code = identifier(domain);
  const type = `${code[0].toUpperCase()}${code.slice(1)}Items`;
  return {
    'src/sources.ts': sources(domain),
    [`src/views/${domain}-items.view.ts`]: view(domain, code, type),
    [`src/views/${domain}-items.view.unit.spec.ts`]: spec(domain, code),
    'src/index.ts': index(domain, code, type),
  };
}

function sources(domain) {
  return `import { id, instant, nullable, oneOf, ref, source, string } from '#views';

/** What the services of this domain publish; \`owner\` is the service whose outbox it comes from. */
export const group = source('${domain}-group', { id: id(), name: string() }, { owner: '${domain}' });

export const item = source(
  '${domain}-item',
  {
    id: id(),
    title: string(),
    status: oneOf('open', 'closed'),
    groupId: nullable(ref(group)),
    createdAt: instant(),
  },
  { owner: '${domain}' },
);
`;
}

function view(domain, code, type) {
  return `import { facet, one, text, view, type DocumentOf } from '#views';
import { item } from '../sources.js';

/** Items with the name of their group: found by words, counted by status and group, newest first. */
export const ${code}Items = view('${domain}-items', item, { sort: '-createdAt' }, (i) => ({
  title: text(i.title, { weight: 2 }),
  status: facet(i.status),
  createdAt: i.createdAt,
  group: one(i.groupId, (g) => ({ id: g.id, name: facet(g.name) })),
}));

export type ${type} = DocumentOf<typeof ${code}Items>;
`;
}

function spec(domain, code) {
  return `import { deleted, ViewSpec } from '#views';
import { ${code}Items } from './${domain}-items.view.js';

const item = {
  id: 'i1',
  title: 'The first',
  status: 'open',
  groupId: 'g1',
  createdAt: '2026-01-31T12:00:00.000Z',
} as const;

const shown = {
  id: 'i1',
  title: 'The first',
  status: 'open',
  createdAt: '2026-01-31T12:00:00.000Z',
  group: { id: 'g1', name: 'New' },
} as const;

describe('the view ${domain}-items', () => {
  it('shows the new name of a group that was renamed', () => {
    ViewSpec.for(${code}Items)
      .given({ '${domain}-group': [{ id: 'g1', name: 'Old' }], '${domain}-item': [item] })
      .when({ '${domain}-group': { id: 'g1', name: 'New' } })
      .marks(['i1'])
      .then(shown);
  });

  it('shows no group where the item has none, and nothing of an item that is gone', () => {
    ViewSpec.for(${code}Items)
      .given({ '${domain}-item': [{ ...item, groupId: null }] })
      .then({ ...shown, group: null })
      .when({ '${domain}-item': deleted('i1') })
      .then('i1', null);
  });
});
`;
}

function index(domain, code, type) {
  return `import { group, item } from './sources.js';
import { ${code}Items } from './views/${domain}-items.view.js';

export { group, item } from './sources.js';
export { ${code}Items, type ${type} } from './views/${domain}-items.view.js';

/** Every source of the domain. */
export const sources = [group, item] as const;
/** Every view that is served. */
export const views = [${code}Items] as const;
`;
}
