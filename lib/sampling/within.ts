// Waiting for one of our own threads.

/**
 * What a thread will answer, or undefined where it takes longer. Waiting keeps the process alive; a thread alone does
 * not. An answer that came while the event loop was held up is in time.
 */
export function within<T>(timeout__ms: number, answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // Between a timer and `setImmediate` the event loop takes what has come meanwhile.
    const timer = setTimeout(() => setImmediate(resolve, undefined), timeout__ms);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
