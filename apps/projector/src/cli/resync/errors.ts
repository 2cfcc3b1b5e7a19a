import { PrejoinError } from '#kernel';
import { UsageError } from '../usage-error.js';

export class SourceUnknownError extends UsageError {
  constructor(source: string, known: readonly string[]) {
    super('source_unknown', `There is no source '${source}'.`, {
      remedy: `The sources are: ${known.join(', ')}.`,
    });
  }
}

/** The service does not answer; whether it does what it was asked is not known. */
export class ServiceSilentError extends PrejoinError {
  constructor(owner: string, seconds: number) {
    super('service_silent', `The service ${owner} did not answer within ${seconds} s.`, {
      remedy:
        'Look that the command API that hosts it runs with RELAY=on, and that BUS_PREFIX and RABBITMQ_URL are the same for both.',
    });
  }
}

export class RequestRefusedError extends PrejoinError {
  constructor(owner: string, reason: string, remedy: string | null) {
    super('request_refused', `The service ${owner} refused: ${reason}`, remedy === null ? {} : { remedy });
  }
}

/** Ctrl-C: what the services do is theirs, and goes on. */
export class ResyncLeftError extends PrejoinError {
  constructor(source: string) {
    super(
      'resync_left',
      `Stopped watching. What the owner of ${source} was asked to publish again goes on.`,
      {
        remedy: 'Run the command again: it joins what goes on, and does what is left.',
      },
    );
  }
}
