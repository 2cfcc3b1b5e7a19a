export { bringUp, writeEnvFile, type BringUpOptions, type Stack } from './bring-up.js';
export {
  createDatabases,
  databaseNames,
  dropDatabases,
  randomPassword,
  type DatabaseAccount,
  type DatabaseName,
} from './databases.js';
export { StackError } from './errors.js';
export {
  removePrivateServers,
  startPrivateServer,
  type PrivateServer,
  type PrivateServerOptions,
} from './private-servers.js';
export { bringUpServers, stopStartedServers, type Servers, type ServersOptions } from './servers.js';
