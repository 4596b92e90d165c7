// Changes to a YAML text: whole items and keys are put in or taken out, all else stays byte for byte. What is put in
// stands on lines of its own in block style, and between commas in flow style, so that taking it out again finds its
// bounds.
import type { ParsedNode, Scalar, Tags, YAMLMap } from 'yaml';
import type { Source } from './source';
import { yaml, type MapNode, type PairNode, type ScalarNode, type SeqNode } from './yaml';

/** A scalar of the text keeps its quotes. */
export type Value =
  string | number | boolean | Scalar | readonly Value[] | { readonly [key: string]: Value | undefined };

interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class Editor {
  readonly #source: Source;
  readonly #changes: Change[] = [];
  readonly #eol: string;

  constructor(source: Source) {
    this.#source = source;
    this.#eol = /\r?\n/.exec(source.text)?.[0] ?? '\n';
  }

  /** The text with all changes made; those at the same place in the order in which they were asked for. */
  result(): string {
    const { text } = this.#source;
    const sorted = [...this.#changes].sort((a, b) => a.start - b.start);
    let result = '';
    let at = 0;
    for (const { start, end, text: inserted } of sorted) {
      result += text.slice(at, Math.max(at, start)) + inserted;
      at = Math.max(at, end);
    }
    result += text.slice(at);
    // The last line had no line feed, and what was put in after it is gone: so is the line feed before that.
    const cutAtEnd = at === text.length && !text.endsWith('\n') && sorted.at(-1)?.text === '';
    return cutAtEnd ? result.replace(/\r?\n$/, '') : result;
  }

  /** Before the item that has this index now; at the end for an index beyond the last. */
  insertItems(owner: PairNode, list: SeqNode, index: number, values: readonly Value[]): void {
    if (values.length === 0) return;
    this.#source.checkNotRepeated(list);
    const before = list.items[index - 1];
    if (list.flow) {
      const texts = values.map((value) => this.#flow(value));
      return this.#insertBetween(list, before && endOf(before), texts);
    }
    const [first] = list.items;
    if (!first) throw this.#source.refusal(list, 'an empty list is written []');
    const text = this.#block(values, this.#indicatorColumn(list));
    this.#insertLines(before ? this.#lineAfter(endOf(before)) : this.#headerEnd(owner, list), text);
  }

  /** A key after another, or after the last. */
  insertKey(map: MapNode, key: string, value: Value, after?: PairNode): void {
    this.#source.checkNotRepeated(map);
    const before = after ?? map.items.at(-1);
    if (map.flow) {
      const text = this.#flow({ [key]: value }).slice(1, -1);
      return this.#insertBetween(map, before && endOfPair(before), [text]);
    }
    const text = this.#block({ [key]: value }, this.#column(map.range[0]));
    this.#insertLines(this.#lineAfter(before ? endOfPair(before) : map.range[0]), text);
  }

  /** Another text in place of what a scalar says, in the same quotes. */
  replace(scalar: ScalarNode, text: string): void {
    this.#source.checkNotRepeated(scalar);
    const [start, end] = this.inside(scalar);
    this.#changes.push({ start, end, text });
  }

  /** A scalar as it is written elsewhere in the text, quotes and all. */
  restore(scalar: ScalarNode, written: ScalarNode): void {
    this.#source.checkNotRepeated(scalar);
    const [start, end] = scalar.range;
    this.#changes.push({ start, end, text: this.#source.text.slice(written.range[0], written.range[1]) });
  }

  /** Around what a scalar says, inside its quotes. */
  surround(scalar: ScalarNode, before: string, after: string): void {
    this.#source.checkNotRepeated(scalar);
    const [start, end] = this.inside(scalar);
    this.#changes.push({ start, end: start, text: before }, { start: end, end, text: after });
  }

  /** The bounds of what a scalar says, inside its quotes or below its block header. */
  inside(scalar: ScalarNode): readonly [number, number] {
    const { text } = this.#source;
    const [start, end] = scalar.range;
    const source = text.slice(start, end);
    if (scalar.type === 'PLAIN') return [start, end];
    if (scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE') return [start + 1, end - 1];
    const header = source.indexOf('\n') + 1;
    const indent = source.slice(header).search(/\S|$/);
    return [start + header + indent, start + source.trimEnd().length];
  }

  /** What a scalar says, as it is written. */
  written(scalar: ScalarNode): string {
    return this.#source.text.slice(...this.inside(scalar));
  }

  delete(start: number, end: number): void {
    this.#changes.push({ start, end, text: '' });
  }

  /** Items of a list that are taken out; true where none is left of a list in block style. */
  deleteItems(list: SeqNode, unwanted: (item: ParsedNode) => boolean): boolean {
    const bounds = list.items.map((item) => ({
      start: item.range[0],
      end: endOf(item),
      out: unwanted(item),
    }));
    return this.#deleteSome(list, bounds);
  }

  /** Keys of a mapping that are taken out; true where none is left. */
  deleteKeys(map: MapNode, unwanted: (pair: PairNode) => boolean): boolean {
    const bounds = (map.items as readonly PairNode[]).map((pair) => ({
      start: pair.key.range[0],
      end: endOfPair(pair),
      out: unwanted(pair),
    }));
    this.#deleteSome(map, bounds);
    return bounds.every(({ out }) => out);
  }

  #deleteSome(
    node: SeqNode | MapNode,
    bounds: readonly { readonly start: number; readonly end: number; readonly out: boolean }[],
  ): boolean {
    let kept = false;
    bounds.forEach(({ start, end, out }, index) => {
      if (!out) return void (kept = true);
      this.#source.checkNotRepeated(node);
      if (!node.flow) return this.#deleteLines(start, end);
      if (kept) return this.delete(bounds[index - 1]?.end ?? start, end);
      const comma = index + 1 < bounds.length ? /^\s*,\s?/.exec(this.#source.text.slice(end)) : null;
      this.delete(start, end + (comma?.[0].length ?? 0));
    });
    return !kept && !node.flow;
  }

  #deleteLines(start: number, end: number): void {
    const lineStart = this.#lineStart(start);
    if (!/^[\s-]*$/.test(this.#source.text.slice(lineStart, start)))
      throw this.#source.refusal(start, 'must begin a line of its own to be taken out');
    this.delete(lineStart, this.#lineAfter(end));
  }

  #insertBetween(collection: SeqNode | MapNode, after: number | undefined, texts: readonly string[]): void {
    const joined = texts.join(', ');
    const at = after ?? collection.range[0] + 1;
    const text = after !== undefined ? `, ${joined}` : collection.items.length > 0 ? `${joined}, ` : joined;
    this.#changes.push({ start: at, end: at, text });
  }

  #insertLines(at: number, text: string): void {
    const unended = at > 0 && at === this.#source.text.length && !this.#source.text.endsWith('\n');
    const lines = unended ? this.#eol + text.slice(0, -this.#eol.length) : text;
    this.#changes.push({ start: at, end: at, text: lines });
  }

  #block(value: Value, column: number): string {
    const document = documentOf(value);
    commandsOnOneLine(document.contents);
    const text = document.toString({ indentSeq: false, lineWidth: 0, flowCollectionPadding: false });
    return text.replace(/^(?=.)/gm, ' '.repeat(column)).replaceAll('\n', this.#eol);
  }

  /** On one line; in quotes where the text looks like JSON. */
  #flow(value: Value): string {
    const document = documentOf(value);
    if (yaml().isCollection(document.contents)) document.contents.flow = true;
    const json = /^\s*\{\s*"/.test(this.#source.text);
    const quoted = json
      ? ({ defaultKeyType: 'QUOTE_DOUBLE', defaultStringType: 'QUOTE_DOUBLE' } as const)
      : {};
    return document.toString({ lineWidth: 0, flowCollectionPadding: false, ...quoted }).trimEnd();
  }

  /** Where the first line below a key begins; its value must begin there or later. */
  #headerEnd(owner: PairNode, list: SeqNode): number {
    const at = this.#lineAfter(owner.key.range[1]);
    const between = this.#source.text.slice(at, list.range[0]);
    if (at > list.range[0] || !/^(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*$/.test(between))
      throw this.#source.refusal(list, 'a list must begin on a line of its own below its key');
    return at;
  }

  #indicatorColumn(list: SeqNode): number {
    return this.#column(list.range[0]);
  }

  #column(offset: number): number {
    return offset - this.#lineStart(offset);
  }

  #lineStart(offset: number): number {
    return this.#source.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** The start of the line after this offset; the offset itself where it starts a line. */
  #lineAfter(offset: number): number {
    const { text } = this.#source;
    if (offset > 0 && text[offset - 1] === '\n') return offset;
    const feed = text.indexOf('\n', offset);
    return feed < 0 ? text.length : feed + 1;
  }
}

/** Where the last of what a node says ends, without the comments and the lines after it. */
function endOf(node: ParsedNode): number {
  if (yaml().isMap(node) && !node.flow && node.items.length > 0)
    return endOfPair(node.items.at(-1) as PairNode);
  if (yaml().isSeq(node) && !node.flow && node.items.length > 0)
    return endOf(node.items.at(-1) as ParsedNode);
  return node.range[1];
}

function endOfPair({ key, value }: PairNode): number {
  return value === null || value.range[0] === value.range[1] ? key.range[1] : endOf(value);
}

function documentOf(value: Value): InstanceType<ReturnType<typeof yaml>['Document']> {
  return new (yaml().Document)(present(value), { customTags: asInTheText });
}

/** Numbers, truths and nothing are written as they are in the text, since Argo reads some by older rules of YAML. */
function asInTheText(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.collection || !tag.test) return tag;
    const { stringify } = tag;
    return {
      ...tag,
      stringify: (item, ...rest) => item.source ?? stringify?.(item, ...rest) ?? String(item.value),
    };
  });
}

/** Without the keys that hold nothing. */
function present(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(present);
  if (typeof value !== 'object' || yaml().isScalar(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, present(inner)]])),
  );
}

/** `command: ["python3", "client.py"]`, as the original writes it. */
function commandsOnOneLine(contents: unknown): void {
  yaml().visit(contents as YAMLMap, {
    Pair: (_key, { key, value }) => {
      if (!yaml().isScalar(key) || key.value !== 'command' || !yaml().isSeq(value)) return;
      value.flow = true;
      for (const item of value.items) if (yaml().isScalar(item)) item.type = 'QUOTE_DOUBLE';
    },
  });
}
