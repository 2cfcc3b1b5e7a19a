import type { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { cliCommands } from './commands.js';

/** Commands that do something, with the words that call them. */
function leaves(command: Command, words: readonly string[] = []): (readonly [string, Command])[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  if (below.length === 0) return [[words.join(' '), command]];
  return below.flatMap((one) => leaves(one, [...words, one.name()]));
}

/** What `--help` prints, of the command or of the one above it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => void (text += part) });
  command.outputHelp();
  return text;
}

const all = leaves(cliCommands());

describe('every command', () => {
  it('is there', () => {
    expect(all.length).toBeGreaterThan(20);
  });

  it.each(all)('%s says what it does and prints JSON where asked', (_, command) => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
    expect(command.options.map(({ long }) => long)).toContain('--json');
  });

  it.each(all)('%s shows an example of itself in its help, or in that of its group', (words, command) => {
    const helps = helpOf(command) + (command.parent?.parent ? helpOf(command.parent) : '');
    expect(helps).toContain(`$ npx prejoin ${words}`);
  });

  it('that can not be taken back asks, unless it is told yes', () => {
    const asking = all.filter(([, { options }]) => options.some(({ long }) => long === '--yes'));
    expect(asking.map(([words]) => words)).toEqual(
      expect.arrayContaining([
        'dead-letters discard',
        'drop-view',
        'erase',
        'jobs cancel',
        'rollback',
        'swap',
      ]),
    );
  });
});
