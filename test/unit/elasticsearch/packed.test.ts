// Bodies of bulk requests from packed documents, and the pauses between them.
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { backoff__ms } from '../../../lib/sinks/elasticsearch/delivery/backoff';
import { compressedBody } from '../../../lib/sinks/elasticsearch/delivery/body';
import { Packer, sizeOf, sourceOf } from '../../../lib/sinks/elasticsearch/documents/packed';

const documents = fc.array(
  fc.record({
    index: fc.constantFrom('gpumetrics', 'cpumetrics'),
    id: fc.stringMatching(/^[\w-]{24}$/),
    // Some longer than a block of 256 KiB, so that several are begun.
    source: fc.oneof(
      fc.stringMatching(/^[ -~]{2,300}$/),
      fc.integer({ min: 100_000, max: 300_000 }).map((length) => 'x'.repeat(length)),
    ),
    // Of each source a piece, from one character to another, is what several documents have.
    cut: fc.tuple(fc.nat(300_000), fc.nat(300_000)),
  }),
  { maxLength: 12 },
);

function withInsert({
  cut,
  source,
  ...rest
}: {
  cut: [number, number];
  source: string;
  index: string;
  id: string;
}) {
  const [from, until] = cut.toSorted((a, b) => a - b) as [number, number];
  const bytes = Buffer.from(source.slice(from, until));
  return {
    ...rest,
    source: source.slice(0, from) + source.slice(until),
    insert: { bytes, at: Math.min(from, source.length) },
  };
}

test('the body of any of the documents holds their lines, in their order', async () => {
  await fc.assert(
    fc.asyncProperty(documents, fc.infiniteStream(fc.boolean()), async (made, chosen) => {
      const packer = new Packer();
      const all = made.map((document) => ({ document, packed: packer.pack(withInsert(document)) }));
      const some = all.filter(() => chosen.next().value);
      const lines = some.map(
        ({ document: { index, id, source } }) =>
          `{"create":{"_index":"${index}","_id":"${id}"}}\n${source}\n`,
      );
      const body = await compressedBody(some.map(({ packed }) => packed));
      expect(gunzipSync(body).toString()).toBe(lines.join(''));
      const sizes = some.map(({ packed }) => sizeOf(packed));
      expect(sizes).toEqual(lines.map(({ length }) => length));
      expect(all.map(({ packed }) => sourceOf(packed))).toEqual(made.map(({ source }) => source));
    }),
    { numRuns: 50 },
  );
});

test('pauses are anything up to a bound that doubles, and is half a minute at most', () => {
  const greatest = (attempt: number): number => backoff__ms(attempt, () => 1);
  expect([1, 2, 3, 4].map(greatest)).toEqual([500, 1000, 2000, 4000]);
  expect([7, 20, 5000].map(greatest)).toEqual([30_000, 30_000, 30_000]);
  expect(backoff__ms(5, () => 0)).toBe(0);
  expect(backoff__ms(3, () => 0.25)).toBe(500);
});
