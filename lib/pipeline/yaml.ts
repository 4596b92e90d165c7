// The `yaml` package, loaded when a pipeline is read, and its parts as they are used here.
import type { Document, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';

export type YamlDocument = Document.Parsed;
export type MapNode = YAMLMap.Parsed;
export type SeqNode = YAMLSeq.Parsed;
export type ScalarNode = Scalar.Parsed;
export type PairNode = Pair<ParsedNode, ParsedNode | null>;
export type MaybeNode = ParsedNode | null | undefined;

export const yaml = (): typeof import('yaml') => require('yaml') as typeof import('yaml');

/** A key or an indicator with nothing behind it. */
export function isEmpty(node: ParsedNode): boolean {
  return yaml().isScalar(node) && node.range[0] === node.range[1] && !node.anchor && !node.tag;
}

/** The text of a key; undefined where it is none. */
export function keyOf({ key }: PairNode): string | undefined {
  return yaml().isScalar(key) ? String(key.value) : undefined;
}

/** Whether it brings in the keys of other mappings. */
export function isMerge({ key }: PairNode): boolean {
  return yaml().isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** Whether its type is told by a tag (`!!binary`), or is one that old YAML knows by its looks (a date). */
export function isTagged(node: ParsedNode): boolean {
  return (
    node.tag !== undefined || (yaml().isScalar(node) && typeof node.value === 'object' && node.value !== null)
  );
}

/** The same text in the same quotes, without the comment beside it. */
export function asWritten(scalar: ScalarNode): ScalarNode {
  const copy = scalar.clone() as ScalarNode;
  delete copy.comment;
  delete copy.commentBefore;
  delete copy.anchor;
  return copy;
}
