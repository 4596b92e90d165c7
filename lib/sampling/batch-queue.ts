// What one reader of a sampler has not taken yet: bounded, the oldest is dropped and counted.
import { createBatch, type Batch, type BatchParts } from './batch';

/** Batches that a reader may lag behind; at the usual drain rate that is 16 s or more. */
const CAPACITY = 64;

const rowsOf = (parts: BatchParts): number => parts.tables.reduce((rows, { time }) => rows + time.length, 0);

/** An iterator over batches with its own queue. Ends when closed and empty. */
export class BatchQueue implements AsyncIterableIterator<Batch, undefined> {
  private readonly waiting: BatchParts[] = [];
  private droppedRows = 0;
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(private readonly onReturn: (queue: BatchQueue) => void) {}

  push(parts: BatchParts): void {
    if (this.closed) return;
    if (this.waiting.length === CAPACITY) {
      const oldest = this.waiting.shift();
      if (oldest) this.droppedRows += rowsOf(oldest) + oldest.droppedRows;
    }
    this.waiting.push(parts);
    this.wake?.();
  }

  close(): void {
    this.closed = true;
    this.wake?.();
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    for (;;) {
      const parts = this.waiting.shift();
      if (parts) {
        const droppedRows = parts.droppedRows + this.droppedRows;
        this.droppedRows = 0;
        return { done: false, value: createBatch({ ...parts, droppedRows }) };
      }
      if (this.closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
  }

  return(): Promise<IteratorResult<Batch, undefined>> {
    this.waiting.length = 0;
    this.close();
    this.onReturn(this);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
