import { newId } from '#kernel';
import type { ComparingQuestion, CopyVersion, Requester, ServiceAnswer } from '#messaging';
import { RequestRefusedError, ResyncLeftError, ServiceSilentError } from './errors.js';

/** The one who is asked about a source, and how. */
export interface Asked {
  readonly requester: Requester;
  readonly source: string;
  readonly owner: string;
  readonly signal: AbortSignal;
  /** After how long without an answer a request is sent again, and after how long it is given up, in milliseconds. */
  readonly repeatMs: number;
  readonly giveUpMs: number;
}

export type PublishProgress = Extract<ServiceAnswer, { kind: 'progress' }>;

/**
 * Has the service publish a source again, and follows it until the broker has everything. The same request is sent again
 * when no answer comes, which joins what goes on: an answer or a process may have been lost.
 * @throws {ServiceSilentError} @throws {RequestRefusedError} @throws {ResyncLeftError} at the signal
 */
export async function publishAgain(
  asked: Asked,
  raiseEpochAbove: number | null,
  onProgress: (progress: PublishProgress) => void,
): Promise<PublishProgress> {
  const { requester, source, owner } = asked;
  let id = newId();
  const send = (): Promise<void> =>
    requester.send(owner, { kind: 'resync', id, source, replyTo: requester.replyTo, raiseEpochAbove });
  await send();
  for (;;) {
    const answer = await answerOrRepeat(asked, send, ({ kind }) => kind === 'progress');
    if (answer.kind !== 'progress') continue;
    id = answer.run;
    onProgress(answer);
    if (answer.state === 'done') return answer;
  }
}

/** Asks which of these copies have no aggregate any more; their deletion is in the service's outbox then. */
export async function askGone(
  asked: Asked,
  aggregates: readonly CopyVersion[],
): Promise<Extract<ServiceAnswer, { kind: 'gone' }>> {
  const { requester, source, owner } = asked;
  const id = newId();
  const send = (): Promise<void> =>
    requester.send(owner, { kind: 'whichAreGone', id, source, replyTo: requester.replyTo, aggregates });
  await send();
  for (;;) {
    const answer = await answerOrRepeat(asked, send, (one) => one.kind === 'gone' && one.request === id);
    if (answer.kind === 'gone') return answer;
  }
}

/** Which answer each question has. */
interface AnswerKinds {
  readonly checksum: 'checksums';
  readonly versions: 'versions';
  readonly publish: 'published';
}

/** Asks one thing that is answered by one message. @throws as `askGone` */
export async function askOnce<Q extends ComparingQuestion>(
  asked: Asked,
  question: Q,
): Promise<Extract<ServiceAnswer, { kind: AnswerKinds[Q['kind']] }>> {
  const { requester, source, owner } = asked;
  const id = newId();
  const kinds: AnswerKinds = { checksum: 'checksums', versions: 'versions', publish: 'published' };
  const isAnswer = (
    answer: ServiceAnswer,
  ): answer is Extract<ServiceAnswer, { kind: AnswerKinds[Q['kind']] }> =>
    answer.kind === kinds[question.kind] && 'request' in answer && answer.request === id;
  const send = (): Promise<void> =>
    requester.send(owner, { ...question, id, source, replyTo: requester.replyTo });
  await send();
  for (;;) {
    const answer = await answerOrRepeat(asked, send, isAnswer);
    if (isAnswer(answer)) return answer;
  }
}

async function answerOrRepeat(
  { requester, source, owner, signal, repeatMs, giveUpMs }: Asked,
  repeat: () => Promise<void>,
  isMeant: (answer: ServiceAnswer) => boolean,
): Promise<ServiceAnswer> {
  let silentMs = 0;
  for (;;) {
    const answer = await requester.next(repeatMs, signal);
    if (signal.aborted) throw new ResyncLeftError(source);
    if (answer === null) {
      silentMs += repeatMs;
      if (silentMs >= giveUpMs) throw new ServiceSilentError(owner, giveUpMs / 1_000);
      await repeat();
      continue;
    }
    if (answer.kind === 'refused') throw new RequestRefusedError(owner, answer.reason, answer.remedy);
    // The answer to a request that was sent twice comes twice.
    if (answer.source === source && isMeant(answer)) return answer;
  }
}
