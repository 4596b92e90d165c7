// Reads one document of a text: what stands at a key, of the kind that it must be, aliases followed.
import type { ParsedNode } from 'yaml';
import type { NvpulseError } from '../errors';
import {
  isEmpty,
  yaml,
  type MapNode,
  type MaybeNode,
  type PairNode,
  type ScalarNode,
  type SeqNode,
  type Source,
  type YamlDocument,
} from './source';

export class Reader {
  readonly #source: Source;
  readonly #document: YamlDocument;

  constructor(source: Source, document: YamlDocument) {
    this.#source = source;
    this.#document = document;
  }

  /** The mapping that the document is; undefined where it is something else. */
  get root(): MapNode | undefined {
    const { contents } = this.#document;
    return yaml().isMap(contents) ? contents : undefined;
  }

  refusal(where: MaybeNode, why: string): NvpulseError {
    return this.#source.refusal(where, why);
  }

  /** The pair of a key; undefined where there is none. */
  pair(map: MapNode, key: string): PairNode | undefined {
    let found: PairNode | undefined;
    for (const pair of map.items) {
      if (!yaml().isScalar(pair.key)) continue;
      if (pair.key.value === '<<')
        throw this.refusal(pair.key, "a merge ('<<') hides what stands here; write it out");
      if (pair.key.value === key) found = pair;
    }
    return found;
  }

  /** What a key holds; undefined where the key is not there or holds nothing. */
  value(map: MapNode, key: string): ParsedNode | undefined {
    return this.followed(this.pair(map, key)?.value);
  }

  followed(node: MaybeNode): ParsedNode | undefined {
    if (node === null || node === undefined || isEmpty(node)) return undefined;
    if (!yaml().isAlias(node)) return node;
    // Both were parsed from the text, and the source has seen the anchor.
    return node.resolve(this.#document) as ParsedNode | undefined;
  }

  map(node: MaybeNode, what: string): MapNode {
    const followed = this.followed(node);
    if (yaml().isMap(followed)) return followed;
    throw this.refusal(node, `${what} must be a mapping`);
  }

  mapAt(map: MapNode, key: string): MapNode | undefined {
    const value = this.value(map, key);
    return value === undefined ? undefined : this.map(value, key);
  }

  seqAt(map: MapNode, key: string): SeqNode | undefined {
    const value = this.value(map, key);
    if (value === undefined || yaml().isSeq(value)) return value;
    throw this.refusal(value, `${key} must be a list`);
  }

  /** The mappings of a list; none where the key is not there. */
  mapsAt(map: MapNode, key: string, what: string): readonly MapNode[] {
    return (this.seqAt(map, key)?.items ?? []).map((item) => this.map(item, what));
  }

  scalarAt(map: MapNode, key: string): ScalarNode | undefined {
    const value = this.value(map, key);
    if (value === undefined) return undefined;
    if (yaml().isScalar(value) && typeof value.value === 'string') return value;
    throw this.refusal(value, `${key} must be a text`);
  }

  textAt(map: MapNode, key: string): string | undefined {
    const scalar = this.scalarAt(map, key);
    return scalar && String(scalar.value);
  }

  /** The name of an item, which it must have, and none of `others`. */
  nameOf(item: MapNode, what: string, others: { has(name: string): boolean }): string {
    const name = this.textAt(item, 'name');
    if (name === undefined) throw this.refusal(item, `${what} has no name`);
    if (others.has(name)) throw this.refusal(item, `${what} '${name}' is there twice`);
    return name;
  }

  /** What a list or a mapping says, as plain values; undefined where the key is not there. */
  plainAt(map: MapNode, key: string): unknown {
    return this.value(map, key)?.toJS(this.#document);
  }

  /** What a container runs. */
  commandOf(map: MapNode): readonly string[] {
    const container = this.mapAt(map, 'container');
    const words = container && this.plainAt(container, 'command');
    return Array.isArray(words) ? words.map(String) : [];
  }
}
