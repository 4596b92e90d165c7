// A YAML text whose parts know where they stand. What is not understood is refused with line and column.
import type { Alias, ParsedNode } from 'yaml';
import { NvpulseError } from '../errors';
import { asItIs, indented } from './indent';
import { isEmpty, yaml, type MaybeNode, type YamlDocument } from './yaml';

/** In characters. Kubernetes takes objects up to 1.5 MB, and a MiB takes seconds to read. */
export const LARGEST = 1 << 20;

export class Source {
  readonly text: string;
  readonly file: string;
  /** Without those that are empty. */
  readonly documents: readonly YamlDocument[];
  readonly #parents = new Map<ParsedNode, ParsedNode>();
  /** What each alias repeats. */
  readonly #anchored = new Map<Alias, ParsedNode>();
  readonly #repeated = new Set<ParsedNode>();
  /** Where lines begin; empty until someone asks. */
  readonly #lines: number[] = [];

  /** @throws ERR_OPTION with `file:line:col` where the text is not YAML */
  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    if (text.length > LARGEST)
      throw this.refusal(0, `${text.length} characters are too many; allowed are ${LARGEST}`);
    const documents = this.#read();
    this.documents = documents.filter(({ contents }) => contents !== null && !isEmpty(contents));
  }

  #read(): readonly YamlDocument[] {
    const documents = parsed(this.text);
    const broken = documents.some(({ errors }) => errors.length > 0);
    const { text, original, left } = broken ? indented(this.text, LARGEST) : asItIs(this.text);
    if (left)
      throw this.refusal(
        left.at,
        `stands further out than the quotes or brackets that it is in; indent this line by ${left.columns} columns, or close them before`,
      );
    const readable = text === this.text ? documents : parsed(text);
    for (const document of readable) this.#check(document, original);
    return readable;
  }

  #check(document: YamlDocument, original: (at: number) => number): void {
    const [error] = document.errors;
    if (error) {
      const deep = error.code === 'RESOURCE_EXHAUSTION';
      throw this.refusal(original(error.pos[0]), deep ? 'nested too deeply' : `not YAML: ${error.message}`);
    }
    const anchors = new Map<string, ParsedNode>();
    yaml().visit(document, {
      Node: (_key, node, path) => {
        const part = node as ParsedNode;
        const [start, end, nodeEnd] = part.range;
        part.range = [original(start), original(end), original(nodeEnd)];
        const parent = path.findLast((other) => yaml().isCollection(other));
        if (parent) this.#parents.set(part, parent as ParsedNode);
        if (yaml().isAlias(part)) this.#repeats(part, anchors.get(part.source));
        else if (part.anchor !== undefined) anchors.set(part.anchor, part);
      },
    });
  }

  #repeats(alias: Alias.Parsed, anchored: ParsedNode | undefined): void {
    if (!anchored) throw this.refusal(alias, `*${alias.source} repeats no anchor`);
    this.#anchored.set(alias, anchored);
    this.#repeated.add(anchored);
  }

  /** What an alias of this text repeats. */
  repeated(alias: Alias): ParsedNode | undefined {
    return this.#anchored.get(alias);
  }

  refusal(where: MaybeNode | number, why: string): NvpulseError {
    return new NvpulseError('ERR_OPTION', this.told(where, why));
  }

  /** One line: where, and why. */
  told(where: MaybeNode | number, why: string): string {
    const offset = typeof where === 'number' ? where : (where?.range[0] ?? 0);
    const line = this.#lineOf(offset);
    return `${this.file}:${line + 1}:${offset - (this.#lines[line] ?? 0) + 1}: ${why}`;
  }

  /** Counted from 0; by halves, since there may be thousands of lines to tell something of. */
  #lineOf(offset: number): number {
    if (this.#lines.length === 0) {
      this.#lines.push(0);
      for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n', end + 1))
        this.#lines.push(end + 1);
    }
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  /** A change in what an alias repeats would change it in both places. */
  checkNotRepeated(node: ParsedNode): void {
    for (let at: ParsedNode | undefined = node; at !== undefined; at = this.#parents.get(at)) {
      if (yaml().isAlias(at) || !this.#repeated.has(at)) continue;
      throw this.refusal(
        at,
        `&${at.anchor} is repeated by *${at.anchor}, so a change here would change both; write it out`,
      );
    }
  }
}

const parsed = (text: string): readonly YamlDocument[] => [
  ...yaml().parseAllDocuments(text, { prettyErrors: false }),
];
