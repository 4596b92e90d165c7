// One recording into Elasticsearch, as often as one likes.
import type { Client } from '@elastic/elasticsearch';
import { NvpulseError } from '../../../errors';
import { recognize } from '../client/connection';
import { DeadLetters } from '../delivery/dead-letters';
import { Delivery } from '../delivery/delivery';
import type { DocumentChoice } from './exporter-types';
import { failureFrom } from '../delivery/failure';
import { settingOf } from './recording-documents';
import { RecordingExport } from './recording-export';
import { mayGrow } from './spool';

export interface ExportToElasticsearchOptions extends DocumentChoice {
  /** Of `connect`. It is the caller's. */
  readonly client: Client;
  /** File for documents that Elasticsearch would not take; it is made when there is one. */
  readonly rejectedFile: string;
  /** While Elasticsearch is away or overloaded. @default true: else it fails at once */
  readonly wait?: boolean;
  /** Told what holds it up, one line; undefined when nothing does any more. */
  readonly onHeld?: (reason: string | undefined) => void;
  /** Told how many seconds of the recording are acknowledged, of how many; null where it was not closed. */
  readonly onSent?: (sent__s: number, of__s: number | null) => void;
}

export interface ExportedDocuments {
  /** Created. */
  readonly documents: number;
  /** There already. */
  readonly duplicates: number;
  /** In the file, with the reason. */
  readonly rejected: number;
  /** It may still be written: what comes is not in it. */
  readonly growing: boolean;
}

/**
 * Sends a recording to Elasticsearch; what is there already is left as it is, so that a second time adds nothing.
 * While Elasticsearch is away or overloaded it waits, from the beginning on.
 * @throws ERR_OPTION where the resolution is none; ERR_RECORDING where `dir` is none; ERR_ELASTICSEARCH where
 * someone has to do something before it is taken, or where it shall not wait
 */
export async function exportToElasticsearch(
  dir: string,
  { client, rejectedFile, wait = true, onHeld, onSent, ...choice }: ExportToElasticsearchOptions,
): Promise<ExportedDocuments> {
  const setting = settingOf(choice, true);
  const giveUp = new AbortController();
  const delivery = new Delivery(client, new DeadLetters(rejectedFile), () => {
    const { failure } = delivery;
    if (failure && !(wait && failure.state === 'retrying'))
      giveUp.abort(new NvpulseError('ERR_ELASTICSEARCH', `Elasticsearch: ${failure.reason}`));
    else if (!giveUp.signal.aborted) onHeld?.(failure?.reason);
  });
  const halt = { attempts: giveUp.signal, requests: giveUp.signal };
  const recording = await RecordingExport.open({
    dir,
    delivery,
    halt,
    setting,
    onAcknowledged: () => onSent?.(recording.acknowledged__s, recording.length__s),
  });
  await delivery.insist(halt, async () => {
    const outcome = await recognize(client);
    // Who may write need not be allowed to ask for the version.
    const fits = !('kind' in outcome) || outcome.kind === 'denied';
    return { done: fits, progress: false, failure: fits ? undefined : failureFrom(outcome, false) };
  });
  // Before it is read: what is added while that is sent must not be taken for sent.
  const mayGoOn = await mayGrow(dir);
  await recording.pass();
  const growing = mayGoOn && !recording.ended;
  if (!growing) await recording.finish();
  const { documents, duplicates, rejected } = delivery.counts;
  return { documents, duplicates, rejected, growing };
}
