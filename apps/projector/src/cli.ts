import { CommanderError } from 'commander';
import { ConfigError, forPeople } from '#kernel';
import { cliCommands } from './cli/commands.js';
import { ExitWith } from './cli/exit-with.js';
import { UsageError } from './cli/usage-error.js';

/** Runs one command line (without node and script) and returns its exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  process.stdout.once('error', endQuietly);
  try {
    await cliCommands().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own; its code is 0 for --help and --version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ExitWith) {
      if (error.cause !== undefined) process.stderr.write(forPeople(error.cause));
      return error.code;
    }
    process.stderr.write(forPeople(error));
    return error instanceof ConfigError || error instanceof UsageError ? 2 : 1;
  }
}

/** Whoever read the answer has seen enough of it, as `| head` does; there is nobody left to write to. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
