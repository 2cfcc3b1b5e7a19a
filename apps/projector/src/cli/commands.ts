import { Command } from 'commander';
import { addAuditCommand } from './audit.command.js';
import { addCheckCommand } from './check.command.js';
import { addDeadLetterCommands } from './dead-letters/dead-letters.commands.js';
import { addDiffCommand } from './diff/diff.command.js';
import { addDoctorCommand } from './doctor/doctor.command.js';
import { addDropViewCommand } from './drop-view.command.js';
import { addEraseCommand } from './erase/erase.command.js';
import { addExplainCommand } from './explain/explain.command.js';
import { addJobsCommands } from './jobs.command.js';
import { addOutboxCommands } from './outbox/outbox.commands.js';
import { addPauseCommands } from './pause.command.js';
import { addRebuildCommand } from './rebuild.command.js';
import { addRepairCommand } from './repair/repair.command.js';
import { addResyncCommand } from './resync/resync.command.js';
import { addRollbackCommand } from './rollback.command.js';
import { addStatusCommand } from './status/status.command.js';
import { addSwapCommand } from './swap.command.js';
import { addTailCommand } from './tail.command.js';
import { addVerifyCommand } from './verify/verify.command.js';
import { addViewsCommand } from './views.command.js';

const help = `
Exit codes:
  0  done
  1  refused or failed, or something is not as it should be; the reason and what can be done about it are printed
  2  bad use or configuration, or it could not be told
Every command tells on standard error which installation it is about before it does anything.

Configuration: environment variables, as docs/configuration.md lists them; in a checkout also .prejoin/stack.env.

Examples:
  $ npx prejoin views
  $ npx prejoin check order-search --estimate
  $ npx prejoin status --json
  $ npx prejoin rebuild order-search
  $ npx prejoin rebuild order-search --keep-hours 1 2>rebuild.log
  $ npx prejoin verify order-search
  $ npx prejoin repair order-search --dry-run
  $ npx prejoin dead-letters list --since 2h
  $ npx prejoin verify --sources
  $ npx prejoin outbox status
  $ npx prejoin tail order
  $ npx prejoin resync --all`;

/** Everything that `npx prejoin` can do. */
export function cliCommands(): Command {
  const program = new Command('prejoin')
    .description(
      'The views of a Prejoin installation: what they are and how they do, building them anew, proving and mending them, and what goes into them.',
    )
    .exitOverride()
    .showHelpAfterError('(prejoin --help shows what can be done)')
    .addHelpText('after', help);
  program.commandsGroup('See what there is:');
  addViewsCommand(program);
  addCheckCommand(program);
  addStatusCommand(program);
  addDoctorCommand(program);
  addExplainCommand(program);
  addAuditCommand(program);
  program.commandsGroup('Build anew, and go back:');
  addDiffCommand(program);
  addRebuildCommand(program);
  addSwapCommand(program);
  addRollbackCommand(program);
  addDropViewCommand(program);
  program.commandsGroup('Prove and mend:');
  addVerifyCommand(program);
  addRepairCommand(program);
  addDeadLetterCommands(program);
  addResyncCommand(program);
  addEraseCommand(program);
  program.commandsGroup('What goes on:');
  addPauseCommands(program);
  addJobsCommands(program);
  addOutboxCommands(program);
  addTailCommand(program);
  return program;
}
