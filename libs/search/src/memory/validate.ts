import type { Hints, Plan, ShapeNode, ValueKind } from '#views';

/** What is wrong with a document as one of a plan's, as the reason of a refusal, or null. */
export function documentFault(plan: Plan, document: unknown): string | null {
  if (!isObject(document)) return 'the document is no object';
  return nodeFault(plan.shape, document, '');
}

function nodeFault(node: ShapeNode, value: unknown, path: string): string | null {
  if (value === null || value === undefined) return null;
  if (isCarried(node)) return null;
  if (Array.isArray(value)) return firstFault(value.map((one) => () => nodeFault(node, one, path)));
  switch (node.node) {
    case 'one':
    case 'many':
    case 'items':
      return nodeFault(node.of, value, path);
    case 'object':
      return objectFault(node, value, path);
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      return isOfKind(node.kind, value)
        ? null
        : `'${path}' is no ${node.kind}: ${JSON.stringify(value).slice(0, 100)}`;
  }
}

/** What is carried is not looked into. */
function isCarried(node: ShapeNode): boolean {
  const hints: Hints | undefined = 'hints' in node ? node.hints : undefined;
  return hints?.carry === true || ('kind' in node && node.kind === 'json');
}

function objectFault(
  node: Extract<ShapeNode, { node: 'object' }>,
  value: unknown,
  path: string,
): string | null {
  if (!isObject(value)) return `'${path}' is no object`;
  return firstFault(
    Object.entries(value).map(([name, member]) => () => {
      const inner = path === '' ? name : `${path}.${name}`;
      const field = node.fields.find((one) => one.name === name);
      return field === undefined ? `the view has no field '${inner}'` : nodeFault(field.of, member, inner);
    }),
  );
}

function firstFault(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const fault = check();
    if (fault !== null) return fault;
  }
  return null;
}

const instant = /^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/;

function isOfKind(kind: ValueKind, value: unknown): boolean {
  switch (kind) {
    case 'id':
    case 'string':
    case 'enum':
    case 'prose':
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    case 'int':
    case 'money':
      return Number.isInteger(value);
    case 'decimal':
      return Number.isFinite(value);
    case 'instant':
      return typeof value === 'string' && instant.test(value) && !Number.isNaN(Date.parse(value));
    case 'day':
      return typeof value === 'string' && isDay(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'geo':
      return isObject(value) && isWithin(value['lat'], 90) && isWithin(value['lon'], 180);
    case 'json':
      return true;
  }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && Math.abs(value) <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
