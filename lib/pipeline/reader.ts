// Reads one document of a text: what stands at a key, of the kind that it must be, aliases followed.
import type { ParsedNode } from 'yaml';
import type { NvpulseError } from '../errors';
import type { Value } from './edit';
import type { Source } from './source';
import {
  asWritten,
  isEmpty,
  isMerge,
  isTagged,
  keyOf,
  yaml,
  type MapNode,
  type MaybeNode,
  type PairNode,
  type ScalarNode,
  type SeqNode,
  type YamlDocument,
} from './yaml';

/** What is written elsewhere too is not longer, nor deeper: aliases can repeat each other without end. */
const MOST_COPIED = 10_000;
const DEEPEST_COPIED = 100;

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

  /** One line: where, and what is to be known of it. */
  told(where: MaybeNode, what: string): string {
    return this.#source.told(where, what);
  }

  /** The pair of a key, which may stand in another mapping that is merged in; undefined where there is none. */
  pair(map: MapNode, key: string): PairNode | undefined {
    return this.#pairs(map).find((pair) => keyOf(pair) === key);
  }

  /** Those of the mapping itself, then those that are merged in, which the former override. */
  #pairs(map: MapNode): readonly PairNode[] {
    if (!(map.items as readonly PairNode[]).some(isMerge)) return map.items;
    const pairs: PairNode[] = [];
    const seen = new Set<MapNode>();
    const left = [map];
    for (let next = left.pop(); next; next = left.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const merged: MapNode[] = [];
      for (const pair of next.items as readonly PairNode[])
        if (isMerge(pair)) merged.push(...this.#mergedIn(pair));
        else pairs.push(pair);
      left.push(...merged.reverse());
    }
    return pairs;
  }

  #mergedIn({ key, value }: PairNode): readonly MapNode[] {
    const what = this.followed(value);
    const maps = yaml().isSeq(what) ? what.items : [what ?? key];
    return maps.map((one) => this.map(one, "what a merge ('<<') brings in"));
  }

  /** What a key holds; undefined where the key is not there or holds nothing. */
  value(map: MapNode, key: string): ParsedNode | undefined {
    return this.followed(this.pair(map, key)?.value);
  }

  followed(node: MaybeNode): ParsedNode | undefined {
    if (node === null || node === undefined || isEmpty(node)) return undefined;
    return yaml().isAlias(node) ? this.#source.repeated(node) : node;
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

  /** What stands here, to be written elsewhere: scalars in their own words, what is repeated or merged in written out. */
  copy(map: MapNode): { readonly [key: string]: Value } {
    let copied = 0;
    const copyOf = (node: MaybeNode, depth: number): Value => {
      const followed = this.followed(node);
      if (++copied > MOST_COPIED || depth > DEEPEST_COPIED)
        throw this.refusal(map, 'too long or too deep to be written a second time, as a stage needs it');
      if (followed && isTagged(followed))
        throw this.refusal(
          followed,
          'of another type than JSON has, so that it cannot be written a second time',
        );
      if (yaml().isMap(followed)) return mapOf(followed, depth);
      if (yaml().isSeq(followed)) return followed.items.map((item) => copyOf(item, depth + 1));
      return yaml().isScalar(followed) ? asWritten(followed) : new (yaml().Scalar)(null);
    };
    const mapOf = (node: MapNode, depth: number): { readonly [key: string]: Value } => {
      const copies = new Map<string, Value>();
      for (const pair of this.#pairs(node)) {
        const key = keyOf(pair);
        if (key === undefined) throw this.refusal(pair.key, 'a key must be a text');
        if (!copies.has(key)) copies.set(key, copyOf(pair.value, depth + 1));
      }
      return Object.fromEntries(copies);
    };
    return mapOf(map, 0);
  }

  /** The keys of a mapping, and what they say. */
  keysOf(map: MapNode): readonly { readonly key: ParsedNode; readonly text: string }[] {
    return this.#pairs(map).map((pair) => ({ key: pair.key, text: keyOf(pair) ?? '' }));
  }

  /** What the keys of a mapping hold, as far as it is text. */
  textsOf(map: MapNode): readonly string[] {
    return this.#pairs(map).map(({ value }) => this.#word(value));
  }

  /** What a container runs. */
  commandOf(map: MapNode): readonly string[] {
    const container = this.mapAt(map, 'container');
    const words = container && this.value(container, 'command');
    return yaml().isSeq(words) ? words.items.map((word) => this.#word(word)) : [];
  }

  /** Of what is no scalar none. */
  #word(node: MaybeNode): string {
    const word = this.followed(node);
    return yaml().isScalar(word) ? String(word.value) : '';
  }
}
