import type { Logger } from '#kernel';
import type { Plan } from '#views';
import { IndexConflictError } from '../errors.js';
import { probeAnalysis } from './analysis.js';
import type { Answer, Connection } from './connection.js';
import { failure, serverError } from './failure.js';
import { indexDefinition, languagesOf } from './mapping.js';

export interface Server {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
}

export function inPath(name: string): string {
  return encodeURIComponent(name);
}

export async function createIndex(server: Server, index: string, plan: Plan): Promise<void> {
  const analysis = await probeAnalysis(server.connection, languagesOf(plan), server.logger);
  const body = JSON.stringify(indexDefinition(plan, analysis));
  const answer = await server.connection.ask({ method: 'PUT', path: `/${inPath(index)}`, body });
  if (answer.status === 200) return;
  if (serverError(answer).type !== 'resource_already_exists_exception') throw refused(server, answer, index);
  const fingerprint = await fingerprintOf(server, index);
  if (fingerprint !== plan.fingerprint)
    throw new IndexConflictError(
      `The index '${index}' exists with the fingerprint '${fingerprint ?? 'none'}' instead of '${plan.fingerprint}'.`,
    );
}

async function fingerprintOf(server: Server, index: string): Promise<string | null> {
  const answer = await server.connection.ask({
    method: 'GET',
    path: `/${inPath(index)}/_mapping?filter_path=*.mappings._meta.fingerprint`,
  });
  if (answer.status !== 200) throw refused(server, answer, index);
  type Mappings = Record<string, { mappings: { _meta: { fingerprint: string } } }>;
  return Object.values(JSON.parse(answer.text) as Mappings)[0]?.mappings._meta.fingerprint ?? null;
}

export async function dropIndex(server: Server, index: string): Promise<void> {
  const answer = await server.connection.ask({ method: 'DELETE', path: `/${inPath(index)}` });
  if (answer.status === 200 || serverError(answer).type === 'index_not_found_exception') return;
  throw refused(server, answer, index);
}

export async function indexExists(server: Server, index: string): Promise<boolean> {
  const answer = await server.connection.ask({
    method: 'GET',
    path: `/${inPath(index)}/_settings?filter_path=*.settings.index.uuid`,
  });
  if (answer.status === 200) return answer.text !== '{}';
  if (answer.status === 404) return false;
  throw refused(server, answer, index);
}

/** One cluster state update: a reader sees the old index or the new one, never none and never both. */
export async function pointAlias(server: Server, alias: string, index: string): Promise<void> {
  const actions = [{ remove: { index: '*', alias, must_exist: false } }, { add: { index, alias } }];
  const answer = await server.connection.ask({
    method: 'POST',
    path: '/_aliases',
    body: JSON.stringify({ actions }),
  });
  if (answer.status === 200) return;
  const { type, reason } = serverError(answer);
  if (type === 'invalid_alias_name_exception')
    throw new IndexConflictError(`'${alias}' can not be an alias: ${reason}`);
  throw refused(server, answer, index);
}

export async function aliasTarget(server: Server, alias: string): Promise<string | null> {
  const answer = await server.connection.ask({ method: 'GET', path: `/_alias/${inPath(alias)}` });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw refused(server, answer, alias);
  const [index, ...others] = Object.keys(JSON.parse(answer.text) as object);
  if (others.length > 0)
    throw new IndexConflictError(
      `The alias '${alias}' points at several indices: ${[index, ...others].join(', ')}.`,
    );
  return index ?? null;
}

export async function refreshIndex(server: Server, index: string): Promise<void> {
  const answer = await server.connection.ask({
    method: 'POST',
    path: `/${inPath(index)}/_refresh?filter_path=_shards.failed`,
  });
  if (answer.status !== 200) throw refused(server, answer, index);
}

export async function countDocuments(server: Server, index: string): Promise<number> {
  const answer = await server.connection.ask({
    method: 'GET',
    path: `/${inPath(index)}/_count?filter_path=count`,
  });
  if (answer.status !== 200) throw refused(server, answer, index);
  return (JSON.parse(answer.text) as { count: number }).count;
}

export async function answers(server: Server): Promise<boolean> {
  const answer = await server.connection.ask({
    method: 'GET',
    path: '/_cluster/health?filter_path=status&timeout=1s',
  });
  return answer.status === 200;
}

function refused(server: Server, answer: Answer, index: string): Error {
  return failure(answer, index, server.requestTimeoutMs);
}
