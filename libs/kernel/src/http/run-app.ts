import { forPeople } from '../errors.js';
import type { RunningApp } from './bootstrap.js';

/**
 * Runs one app until a signal stops it, and returns the exit code of its process: 0 when it drained, 1 when it was cut
 * off or could not start. Why it could not is printed for people, with the remedy.
 *
 * The caller ends the process with the code: a connection that was cut off may keep it alive beyond its deadline.
 */
export async function runApp(start: () => Promise<RunningApp>): Promise<0 | 1> {
  try {
    const running = await start();
    return (await running.stopped) === 'drained' ? 0 : 1;
  } catch (error) {
    process.stderr.write(forPeople(error));
    return 1;
  }
}
