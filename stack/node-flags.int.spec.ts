import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFolder, nodeFlags, type AppName } from './apps.js';

const textOf = (file: string): string => readFileSync(join(checkoutFolder, file), 'utf8');
const apps = Object.keys(nodeFlags) as AppName[];

describe('An app runs by the same flags of Node', () => {
  test.each(apps)('by its start script: %s', (name) => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    expect(flagsIn(scripts[`start:${name}`] ?? '')).toEqual(nodeFlags[name]);
  });

  test.each(apps)('in its container: %s', (name) => {
    const file = textOf('docker-compose.yml');
    const [command] = file.match(new RegExp(`node .*dist/apps/${name}/src/main\\.js`)) ?? ['none'];
    expect(flagsIn(command)).toEqual(nodeFlags[name]);
  });
});

/** What a shell sees before the script; where the environment comes from is no flag of how an app runs. */
function flagsIn(command: string): readonly string[] {
  return command.split(' ').filter((word) => word.startsWith('--') && !word.startsWith('--env-file'));
}
