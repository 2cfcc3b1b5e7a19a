/**
 * Who may import whom. `npm run imports` checks the tree, and proves of every rule here that it bites: each has a
 * fixture under lint-fixtures/imports/<rule>/ that must be reported by this rule and by no other.
 *
 * Two facts about the tool that the patterns depend on: core modules come without their `node:` prefix, and type-only
 * imports count only because of `tsPreCompilationDeps` (a cycle of types is a cycle for the reader too).
 */

/** Each declares sources and views of one part of a business. `npm run new-domain <name>` adds its own. */
const domainLibs = ['commerce'];

/** What each lib may import of the others. A lib that is not listed here may import none and be imported by none. */
export const allowedImports = {
  kernel: [],
  messaging: ['kernel'],
  outbox: ['kernel', 'messaging'],
  views: ['kernel'],
  search: ['kernel', 'views'],
  projection: ['kernel', 'messaging', 'views', 'search'],
  query: ['kernel', 'views', 'search'],
  client: ['views'],
  domains: [...domainLibs, 'views'],
  testing: ['kernel', 'messaging'],
};

/** Code for tests only: specs, type tests, contract suites that several specs run, and a testing folder or file. */
const testCode = '\\.(spec|types|contract)\\.ts$|^(apps|libs)/.*/testing/|^demo/testing/|/testing\\.ts$';
/** The folders whose code is run by users; stack, demo and bench are tools that may use development dependencies. */
const shipped = { path: '^(apps|libs)/', pathNot: ['^libs/testing/', testCode] };

const libs = [...Object.keys(allowedImports), ...domainLibs];

const importTable = [
  ...Object.keys(allowedImports).map((lib) => ({
    name: `imports-of-${lib}`,
    comment: `libs/${lib} may import ${allowedImports[lib].map((name) => `#${name}`).join(', ') || 'no other lib'}.`,
    from: { path: `^libs/${lib}/` },
    // #testing is for every lib's specs: testing-from-tests says who.
    to: { path: `^libs/(?!(${[lib, 'testing', ...allowedImports[lib]].join('|')})/)` },
  })),
  {
    name: 'imports-of-a-domain',
    comment: 'A domain is data: it may import #kernel and #views.',
    from: { path: `^libs/(${domainLibs.join('|')})/` },
    to: { path: '^libs/(?!($1|testing|kernel|views)/)' },
  },
  {
    name: 'lib-without-a-row',
    comment: 'A lib that allowedImports does not list: add its row, so that its place is a decision.',
    from: { path: `^libs/(?!(${libs.join('|')})/)([^/]+)/` },
    to: { path: '^libs/(?!$2/)' },
  },
];

const layers = [
  {
    name: 'no-cycle',
    comment: 'Files that need each other are one file, or lack a third.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'app-imports-app',
    comment: 'Apps meet through messages and HTTP, never through imports.',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^apps/(?!$1/)' },
  },
  {
    name: 'lib-imports-app',
    comment: 'A lib does not know who uses it.',
    from: { path: '^libs/' },
    to: { path: '^apps/' },
  },
  {
    name: 'product-imports-tools',
    comment: 'stack, demo, bench and scripts use the product, not the other way round.',
    from: shipped,
    to: { path: '^(stack|demo|bench|scripts)/' },
  },
  {
    name: 'tool-imports-app',
    comment:
      'Tools run the apps as processes, as users do; a benchmark may measure one of their commands alone.',
    from: { path: '^(stack|demo)/' },
    to: { path: '^apps/' },
  },
  {
    name: 'lib-by-its-index',
    comment:
      'Another lib is its index (or the index of its http, nest or testing folder); the rest is private to it.',
    from: { path: '^(?:libs/([^/]+)/|(?!libs/))' },
    to: { path: '^libs/(?!$1/)', pathNot: '^libs/[^/]+/src/((http|nest|testing)/)?index\\.ts$' },
  },
  {
    name: 'lib-by-its-alias',
    comment: 'Another lib is written #name: a relative path breaks in the built output and hides the border.',
    from: { path: '^(?:libs/([^/]+)/|(?!libs/))' },
    to: {
      path: '^libs/(?!$1/)[^/]+/src/((http|nest|testing)/)?index\\.ts$',
      dependencyTypesNot: ['aliased'],
    },
  },
  {
    name: 'core-imports-edge',
    comment:
      'The core of a lib is plain TypeScript; its http or nest folder depends on it, not the other way round.',
    from: { path: '^libs/[^/]+/src/(?!(http|nest)/)' },
    to: { path: '^libs/[^/]+/src/(http|nest)/' },
  },
];

const technologies = [
  {
    name: 'nest-at-the-edge',
    comment: 'NestJS is for apps and for the http or nest folder of a lib: a core must run without it.',
    from: { pathNot: '^(apps/|libs/[^/]+/src/(http|nest)/)' },
    to: { path: 'node_modules/(@nestjs/|nestjs-)', pathNot: 'node_modules/@nestjs/typeorm/' },
  },
  {
    name: 'typeorm-on-the-write-side',
    comment:
      'TypeORM maps the rows of services; the projection speaks SQL, since its tables follow from plans.',
    from: { pathNot: ['^(apps/command-api|libs/outbox)/', '^libs/testing/', '^bench/', testCode] },
    to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
  },
  {
    name: 'elasticsearch-in-its-adapter',
    comment:
      'Everything else speaks to the SearchIndex port, so that another engine touches one folder only.',
    from: { pathNot: ['^libs/search/src/elasticsearch/', '^libs/testing/', '^bench/arms/', testCode] },
    to: { path: 'node_modules/@elastic/' },
  },
  {
    name: 'amqplib-in-its-adapter',
    comment:
      'Everything else speaks to the Publisher and Consumer ports (stack/ asks whether a broker answers).',
    from: {
      pathNot: ['^libs/messaging/src/rabbitmq/', '^libs/testing/', '^stack/', '^bench/arms/', testCode],
    },
    to: { path: 'node_modules/(amqplib|@types/amqplib)/' },
  },
  {
    name: 'views-do-no-io',
    comment:
      'The language is pure: of Node it may use only hashing and utilities (a list of what is allowed, so that a new I/O module does not slip in).',
    from: { path: '^libs/views/', pathNot: testCode },
    to: { dependencyTypes: ['core'], pathNot: '^(crypto|util)$' },
  },
  {
    name: 'views-use-no-driver',
    comment: 'The language knows no server: rows come as arguments, documents go as results.',
    from: { path: '^libs/views/' },
    to: { path: 'node_modules/(pg|pg-[^/]+|@types/pg|pino|undici)/' },
  },
];

/** The client is sent to browsers and to teams that have nothing else of ours. */
const client = { path: '^libs/client/', pathNot: testCode };
const portable = [
  {
    name: 'client-imports-types',
    comment: 'Of other libs the client needs types only: what it imports else would be sent with it.',
    from: client,
    to: { path: '^libs/(?!client/)', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'client-runs-anywhere',
    comment: 'The client runs wherever there is fetch: it needs nothing of Node and no package.',
    from: client,
    to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
  },
];

const shippedCode = [
  {
    name: 'testing-from-tests',
    comment: '#testing is for specs and for what only specs run.',
    from: { pathNot: ['^libs/testing/', testCode] },
    to: { path: '^libs/testing/' },
  },
  {
    name: 'product-imports-test-code',
    comment:
      'Test code, #views/testing among it, is for specs, testing folders and benchmarks: nothing that users run needs it.',
    from: { pathNot: [testCode, '^bench/'] },
    to: { path: testCode },
  },
  {
    name: 'product-imports-dev-dependency',
    comment: 'A development dependency is absent where the product runs.',
    from: shipped,
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'] },
  },
  {
    name: 'undeclared-dependency',
    comment: 'A package that package.json does not name is there by luck, and goes without notice.',
    from: {},
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'unresolvable',
    comment: 'A specifier that leads nowhere would escape every other rule.',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [...importTable, ...layers, ...technologies, ...portable, ...shippedCode].map((rule) => ({
    severity: 'error',
    ...rule,
  })),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|lint-fixtures)/' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};

export default configuration;
