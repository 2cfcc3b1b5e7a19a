export { commandApi } from '../../command-api/src/main.js';
