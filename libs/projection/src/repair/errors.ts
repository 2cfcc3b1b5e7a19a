import { PrejoinError } from '#kernel';

/** Nothing can be written to the generation: it was stopped because its index is missing or closed, or it is retired. */
export class GenerationStoppedError extends PrejoinError {
  constructor(view: string, indexName: string) {
    super(
      'generation_stopped',
      `Index ${indexName} of view ${view} takes no writes, so nothing was mended in it.`,
      {
        remedy: `See the reason in "npx prejoin status". If the index is gone, run: npx prejoin rebuild ${view}`,
      },
    );
  }
}
