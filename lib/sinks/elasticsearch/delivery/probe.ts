// What is asked where none of the documents that were sent is taken: is it they, or is it what should take them?
import { Packer, sourceOf, type PackedDocument } from '../documents/packed';

/** Has the fields that all documents have, and no others: who takes documents takes it. It stays there. */
export function plainProbe(suspect: PackedDocument): PackedDocument {
  const source = sourceOf(suspect);
  const fields = [TIME, HOST, SIMULATED].flatMap((field) => field.exec(source)?.[0] ?? []);
  return pack(suspect, `{${[...fields, '"entity":"probe"'].join()}}`);
}

/**
 * The suspect with a time that is none: what stands before the data stream, such as a pipeline, takes it as it takes
 * the suspect, and then it is refused for its time. Nothing of it stays.
 */
export function spoiltProbe(suspect: PackedDocument): PackedDocument {
  return pack(suspect, sourceOf(suspect).replace(TIME, '"@timestamp":"none"'));
}

const TIME = /"@timestamp":"[^"]*"/;
const SIMULATED = /"simulated":true/;
const HOST = /"host\.name":"(?:[^"\\]|\\.)*"/;

function pack({ index, id }: PackedDocument, source: string): PackedDocument {
  return new Packer().pack({ index, id: `${id}-probe`, source });
}
