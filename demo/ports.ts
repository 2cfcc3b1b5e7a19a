import { PrejoinError } from '#kernel';
import { appPorts, type AppName } from '../stack/apps.js';
import { portNear } from '../stack/launch.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The port of each app, as its own variable says or by default. All are looked at before anything is started: what
 * listens there already, such as the app of a demo that was killed, would be taken for the one that is started.
 * @throws {PrejoinError} `port_not_to_be_had` with a sentence for each port
 */
export async function demoPorts(env: Env): Promise<Readonly<Record<AppName, number>>> {
  const names = Object.keys(appPorts) as AppName[];
  const chosen = names.map((name) => {
    const { variable, port } = appPorts[name];
    return { name, variable, text: env[variable] || String(port) };
  });
  const faults = await Promise.all(chosen.map(faultOf));
  const found = faults.filter((fault) => fault !== null);
  if (found.length > 0) {
    throw new PrejoinError('port_not_to_be_had', found.join('\n'), {
      remedy: 'End what listens there, or set the variables to other ports.',
    });
  }
  const ports = chosen.map(({ name, text }) => [name, Number(text)] as const);
  return Object.fromEntries(ports) as Record<AppName, number>;
}

async function faultOf(chosen: { name: AppName; variable: string; text: string }): Promise<string | null> {
  const { name, variable, text } = chosen;
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65_535)
    return `${variable} must be a port from 1 to 65535, and is "${text}".`;
  if ((await portNear(Number(text))) === Number(text)) return null;
  return `Something listens on port ${text}, which ${name} is to have (${variable}).`;
}
