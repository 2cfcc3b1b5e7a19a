import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOf, identifier } from './templates.mjs';

/** Writes the files of a new domain and returns their paths. */
export function writeFiles(root, domain) {
  return Object.entries(filesOf(domain)).map(([path, text]) => {
    const file = join(root, 'libs', domain, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  });
}

/** The apps read libs/domains, the import rules know a domain by its row, and nest-cli.json lists every lib. */
export function register(root, domain) {
  const variable = identifier(domain);
  return [
    edit(root, 'libs/domains/src/index.ts', [
      [
        /^(import \* as \w+ from '#[\w-]+';\n)(?!import \* as)/m,
        `$1import * as ${variable} from '#${domain}';\n`,
      ],
      [
        /(const domains: .* = \{[^}]*?),?\s*\}/,
        `$1, ${variable === domain ? domain : `'${domain}': ${variable}`} }`,
      ],
    ]),
    edit(root, '.dependency-cruiser.mjs', [[/(const domainLibs = \[[^\]]*)\]/, `$1, '${domain}']`]]),
    edit(root, 'nest-cli.json', [
      [
        /(\n {2}"projects": \{[\s\S]*\n {4}\})(\n {2}\})/,
        `$1,\n    "${domain}": { "type": "library", "root": "libs/${domain}", "entryFile": "index", "sourceRoot": "libs/${domain}/src" }$2`,
      ],
    ]),
  ];
}

function edit(root, path, replacements) {
  const file = join(root, path);
  let text = readFileSync(file, 'utf8');
  for (const [pattern, replacement] of replacements) {
    const changed = text.replace(pattern, replacement);
    if (changed === text)
      throw new Error(`${path} has no place for ${pattern}: add the domain there by hand.`);
    text = changed;
  }
  writeFileSync(file, text);
  return file;
}
