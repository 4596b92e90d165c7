// Another program that reads the same GPUs: what nvpulse is compared with. One more is one more file.

/** What a peer says of one metric of one GPU. */
export type Answer =
  /** `resolution`: the step of the last digit that it shows; 0 where nothing was cut. */
  | { readonly value: number; readonly resolution: number }
  /** The GPU has no value, in the peer's words. */
  | { readonly none: string }
  /** The peer could not ask. */
  | { readonly failed: string };

/** By the GPU's UUID, then by the metric's name. */
export type PeerReading = ReadonlyMap<string, ReadonlyMap<string, Answer>>;

export interface Peer {
  readonly name: string;
  /** What it is, or why it is not there. */
  readonly about: string;
  /** Why a metric has no comparison with it; undefined where it has one. */
  lacks(metric: string): string | undefined;
  /** All its metrics of all GPUs, now. */
  read(): Promise<PeerReading | { readonly failed: string }>;
  close(): void;
}

export function absentPeer(name: string, reason: string): Peer {
  return {
    name,
    about: `not there: ${reason}`,
    lacks: () => reason,
    read: () => Promise.resolve({ failed: reason }),
    close: () => undefined,
  };
}
