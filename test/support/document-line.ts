import type { OutgoingDocument } from '../../lib/sinks/elasticsearch/bulk';
import { Packer, sourceOf } from '../../lib/sinks/elasticsearch/packed';

/** The document as it is sent. */
export function lineOf(document: OutgoingDocument): string {
  return sourceOf(new Packer().pack(document));
}
