import { ApiQuery } from '@nestjs/swagger';
import { fieldOperatorsOf, type QueryField } from '#views';
import { limits } from '../../parse/limits.js';
import type { ControlWord } from '../../parse/parameters.js';
import type { ServedView } from '../../served-view.js';
import { kindSchema, type SchemaObject } from './document-schema.js';
import { choiceOf, whereExample } from './schemas.js';

/** Examples are filled in together when an operation is tried, so that each is taken beside all others. */
export function control(
  name: string,
  description: string,
  schema: SchemaObject,
  options: { readonly required?: boolean } = {},
): MethodDecorator {
  return ApiQuery({ name, required: false, ...options, description, schema });
}

/** The control words among `words` that mean something for this view. */
export function controls(view: ServedView, words: readonly ControlWord[]): MethodDecorator[] {
  const described = descriptions(view);
  const ofText: readonly ControlWord[] = ['q', 'in', 'highlight'];
  return words
    .filter((word) => view.textFields.length > 0 || !ofText.includes(word))
    .map((word) => control(word, ...described[word]));
}

function descriptions(view: ServedView): Record<ControlWord, [description: string, schema: SchemaObject]> {
  const sortable = [...view.fields.values()].find((field) => field.sortable && field.path !== 'id');
  const text = (example?: string): SchemaObject => ({
    type: 'string',
    ...(example === undefined ? {} : { example }),
  });
  return {
    q: [
      `Text search in ${view.textFields.join(', ')}: all words, the last as a prefix, "phrases", -without.`,
      text('blue lamp'),
    ],
    in: ['The fields that q searches, separated by commas. Needs q.', text(view.textFields[0])],
    sort: [
      'Fields separated by commas, `-` for descending, `:nullsFirst` to have missing values first.',
      text(`-${sortable?.path ?? 'id'}`),
    ],
    fields: ['Answer these fields and the id only.', text(sortable?.path ?? 'id')],
    facets: [
      'Counts of all matches: `field`, `field:50` values, `date:month`, `number:..1000|1000..5000|5000..`, separated ' +
        'by commas. A facet ignores the filter on its own field.',
      text(choiceOf(view)?.path ?? 'id'),
    ],
    highlight: ['`true`, or the fields in which the words of q are marked. Needs q.', text('true')],
    limit: [
      `Documents on a page, 0 to ${limits.page}; default ${limits.pageDefault}.`,
      { type: 'integer', example: limits.pageDefault },
    ],
    page: [
      'Number of the page, from 1; page × limit is at most 1 000. Go on with the cursor past that.',
      { type: 'integer', example: 1 },
    ],
    cursor: ['`next` of the page before. Stands alone, or with its own query.', text()],
    totals: [
      '`exact`, `none`, or `estimate`, the default, which counts to 10 000 and then says at least.',
      text('exact'),
    ],
    tz: ['The zone in which days begin; default UTC.', text('Europe/Amsterdam')],
    where: [
      'A filter in JSON, as in `POST _search`; it stands beside the others.',
      text(JSON.stringify(whereExample(view))),
    ],
    snapshot: [
      'Walks one state from page to page, kept for this long from page to page: 1s to 10m, such as `5m`. Its cursor ' +
        'ends in 410 when the time has passed. Not together with page.',
      text(),
    ],
  };
}

/** A parameter for each field that can be filtered by. */
export function filters(view: ServedView): MethodDecorator[] {
  return [...view.fields.values()].filter((field) => field.filterable).map(filter);
}

function filter(field: QueryField): MethodDecorator {
  const operators = `Operators: ${fieldOperatorsOf(field).join(' ')}.`;
  if (field.kind === 'geo')
    return control(
      `${field.path}[near]`,
      `Within a distance of a place: latitude, longitude, and m, km or mi. ${operators}`,
      { type: 'string', example: '52.37,4.89,5km' },
    );
  const schema = kindSchema(field.kind, field.currency);
  const values = field.values ? ` One of ${field.values.join(', ')}.` : '';
  return control(field.path, `${schema.description ?? ''}${values} ${operators}`.trim(), {
    type: schema.type ?? 'string',
    example: field.values?.[0] ?? (schema.example as unknown),
  });
}
