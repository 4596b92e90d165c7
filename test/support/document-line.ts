import { Packer, sourceOf, type OutgoingDocument } from '../../lib/sinks/elasticsearch/documents/packed';

/** The document as it is sent. */
export function lineOf(document: OutgoingDocument): string {
  return sourceOf(new Packer().pack(document));
}
