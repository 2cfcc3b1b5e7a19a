/**
 * Lint rules of our own, as one ESLint plugin (`prejoin/…`). Each refuses what a selector matches; each has a fixture
 * under lint-fixtures/eslint/ in which it must fire.
 */

/** A rule that refuses every node that one of the selectors matches. */
function refuse(selectors, message) {
  return {
    meta: { type: 'problem', schema: [], messages: { refused: message } },
    create: (context) => ({
      [selectors.join(', ')]: (node) => context.report({ node, messageId: 'refused' }),
    }),
  };
}

const relation = 'PropertyDefinition:has(Decorator > CallExpression[callee.name=/^(One|Many)To(One|Many)$/])';
const bareClass = 'TSTypeReference[typeName.name!=/^(Relation|Promise|Array|ReadonlyArray)$/]';
const testFunction = '[object.name=/^(it|test|describe)$/]';
const nothing = ':matches(BlockStatement[body.length=0], Identifier[name=undefined], Literal[raw=null])';

export const plugin = {
  meta: { name: 'prejoin' },
  rules: {
    'no-default-export': refuse(
      ['ExportDefaultDeclaration', 'ExportSpecifier[exported.name=default]'],
      'Name what a file exports: a default export has another name in every file that imports it.',
    ),
    'no-export-star': refuse(
      ['ExportAllDeclaration[exported=null]'],
      'List the names: with export * nobody sees in a review what became public.',
    ),
    'relation-type': refuse(
      // A union with null counts: decorator metadata drops the null and names the class all the same.
      [
        `${relation} > TSTypeAnnotation > ${bareClass}`,
        `${relation} > TSTypeAnnotation > TSUnionType > ${bareClass}`,
      ],
      'Write Relation<…>: a bare class is read when the module loads, and whether it is there depends on import order.',
    ),
    'time-from-clock': refuse(
      [
        'CallExpression[callee.object.name=Date][callee.property.name=now]',
        'NewExpression[callee.name=Date][arguments.length=0]',
        'CallExpression[callee.name=Date]',
      ],
      'Take a Clock: a core that reads the time by itself can not be tested at the moment that matters.',
    ),
    'no-own-randomness': refuse(
      ['MemberExpression[object.name=Math][property.name=random]'],
      'Take the randomness as an argument (backoffDelay does), so that a failing run can be repeated.',
    ),
    'no-exit': refuse(
      ['CallExpression[callee.object.name=process][callee.property.name=/^(exit|abort|kill)$/]'],
      'A lib does not end its process: throw, and let the app decide.',
    ),
    'no-dropped-error': refuse(
      [
        `CallExpression[callee.property.name=catch] > ArrowFunctionExpression[params.length=0] > ${nothing}.body`,
      ],
      'Nothing is caught and dropped: handle it, log it, or say in a comment beside a disable why it can not matter.',
    ),
    'no-skipped-test': refuse(
      [
        `MemberExpression${testFunction}[property.name=/^(only|skip|todo|failing)$/]`,
        'CallExpression[callee.name=/^(fit|fdescribe|xit|xtest|xdescribe)$/]',
      ],
      'A test that does not run proves nothing, and a focused one hides the others.',
    ),
    'no-retried-test': refuse(
      ['MemberExpression[object.name=jest][property.name=retryTimes]'],
      'A flaky test is a fault to find: repeating it until it passes hides the fault.',
    ),
  },
};
