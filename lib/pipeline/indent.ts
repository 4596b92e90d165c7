// Lines within quotes or brackets may stand further out than YAML allows: Argo and most readers of YAML take them, the
// `yaml` package does not. It is given the text with those lines indented, which says the same; what it tells of places
// is told of the text as it was.
import { yaml } from './yaml';

/** A text that says the same with enough indentation. */
export interface Indented {
  readonly text: string;
  /** Where in the text as it was a place of this one stands. */
  readonly original: (at: number) => number;
  /** The first line that was left too far out, since the text would become too long; else undefined. */
  readonly left: Insertion | undefined;
}

/** Lines that stand too far out: of one scalar, or one within brackets. */
interface Outdented {
  /** In the first of them, in characters from the text's start. */
  readonly start: number;
  /** In the last of them. */
  readonly end: number;
  /** By so much they are indented, which is enough: as far in as the quote or the bracket. */
  readonly columns: number;
}

interface Insertion {
  /** The start of a line of the text as it was. */
  readonly at: number;
  readonly columns: number;
}

/** As many characters are read, in all, while lines are looked for: seconds. */
const MOST_READ = 16 << 20;
/** Tokens that stand for no character: a document begins, a scalar without quotes comes, indentation ends brackets. */
const DOCUMENT = '\u0002';
const SCALAR = '\u001f';
const FLOW_END = '\u0018';
/** What is behind the opening quote. */
const DOUBLE = /[^"\\]*(?:\\[^][^"\\]*)*"/y;
const SINGLE = /[^']*(?:''[^']*)*'/y;

export const asItIs = (text: string): Indented => ({ text, original: (at) => at, left: undefined });

/** @param longest characters that the result may have */
export function indented(text: string, longest: number): Indented {
  let result = asItIs(text);
  let insertions: readonly Insertion[] = [];
  let read = 0;
  for (let found = outdentedIn(text); found; found = outdentedIn(result.text)) {
    const { columns } = found;
    const lines = lineStarts(text, result.original(found.start), result.original(found.end));
    const more = lines.map((at): Insertion => ({ at, columns }));
    read += found.start + 1;
    if (result.text.length + more.length * columns > longest || read > MOST_READ)
      return { ...result, left: more[0] };
    insertions = [...insertions, ...more].sort((a, b) => a.at - b.at);
    result = withInsertions(text, insertions);
  }
  return result;
}

function withInsertions(original: string, insertions: readonly Insertion[]): Indented {
  let text = '';
  let from = 0;
  /** Where each insertion ends in the result, and how many columns were inserted until then. */
  const ends: { readonly end: number; readonly inserted: number }[] = [];
  let inserted = 0;
  for (const { at, columns } of insertions) {
    text += original.slice(from, at) + ' '.repeat(columns);
    from = at;
    inserted += columns;
    ends.push({ end: text.length, inserted });
  }
  const before = (at: number): number => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.end ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return ends[low - 1]?.inserted ?? 0;
  };
  return { text: text + original.slice(from), original: (at) => at - before(at), left: undefined };
}

/** The starts of the lines that this part of the text stands in; of one that begins with a line feed, from the next. */
function lineStarts(text: string, start: number, end: number): readonly number[] {
  const starts: number[] = [];
  for (let feed = text.lastIndexOf('\n', start); feed >= 0 && feed < end; feed = text.indexOf('\n', feed + 1))
    starts.push(feed + 1);
  return starts;
}

/** The first lines that stand too far out. */
function outdentedIn(text: string): Outdented | undefined {
  const columnOf = (offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1);
  const brackets: number[] = [];
  let at = 0;
  let last = '';
  for (const token of new (yaml().Lexer)().lex(text)) {
    const broken =
      token === FLOW_END
        ? { start: at, end: at, columns: columnOf(brackets[0] ?? 0) }
        : last === SCALAR
          ? undefined
          : brokenQuote(text, at, token, columnOf);
    if (broken) return broken.columns > 0 ? broken : undefined;
    if (token === '[' || token === '{') brackets.push(at);
    if (token === ']' || token === '}') brackets.pop();
    if (token !== SCALAR && token !== DOCUMENT) at += token.length;
    last = token;
  }
  return undefined;
}

/** Quotes that end later than their token. */
function brokenQuote(
  text: string,
  at: number,
  token: string,
  columnOf: (offset: number) => number,
): Outdented | undefined {
  const closing = token.startsWith('"') ? DOUBLE : token.startsWith("'") ? SINGLE : undefined;
  if (!closing) return undefined;
  closing.lastIndex = at + 1;
  if (!closing.test(text) || closing.lastIndex <= at + token.length) return undefined;
  return { start: text.indexOf('\n', at), end: closing.lastIndex, columns: columnOf(at) };
}
