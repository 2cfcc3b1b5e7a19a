import { messageOf, PrejoinError } from '#kernel';
import { readProjectorConfig } from './config.js';
import { startProjector } from './start.js';

try {
  const running = await startProjector(readProjectorConfig());
  process.exitCode = (await running.stopped) === 'drained' ? 0 : 1;
} catch (error) {
  const remedy = error instanceof PrejoinError ? error.remedy : undefined;
  process.stderr.write(`${messageOf(error)}\n${remedy === undefined ? '' : `${remedy}\n`}`);
  process.exitCode = 1;
}
// A connection that was cut off may keep the process alive beyond its deadline.
process.exit();
