// Where something stands in a text: the line and the column that an editor shows.
import fc from 'fast-check';
import { Source } from '../../lib/pipeline/source';

const textArb = fc
  .array(fc.constantFrom('a: b', '# ü', '', '# \r', '# \u2028', 'key: [1, 2]'), {
    minLength: 1,
    maxLength: 20,
  })
  .map((lines) => `# first\n${lines.map((line, at) => line.replace(/^(\w+)/, `$1${at}`)).join('\n')}`);

test('a position is told by line and column', () => {
  fc.assert(
    fc.property(textArb, fc.array(fc.nat(300), { minLength: 1, maxLength: 5 }), (text, offsets) => {
      const source = new Source(text, 'f.yaml');
      for (const offset of offsets.map((one) => Math.min(one, text.length))) {
        const before = text.slice(0, offset).split('\n');
        const column = (before.at(-1)?.length ?? 0) + 1;
        expect(source.told(offset, 'why')).toBe(`f.yaml:${before.length}:${column}: why`);
      }
    }),
  );
});

test('telling thousands of positions reads the text once', () => {
  const text = 'a: b # of many\n'.replace('a', '"a"') + '# x\n'.repeat(20_000);
  const source = new Source(text, 'f.yaml');
  let read = 0;
  const counting = (name: 'slice' | 'split') => {
    const original = String.prototype[name] as (...args: unknown[]) => unknown;
    return jest.spyOn(String.prototype, name).mockImplementation(function (this: string, ...args: unknown[]) {
      read += this.length;
      return original.apply(this, args) as never;
    });
  };
  const spies = [counting('slice'), counting('split')];
  const told = Array.from({ length: 2000 }, (_, line) => source.told(15 + 4 * line, 'why'));
  for (const spy of spies) spy.mockRestore();
  expect(told.at(-1)).toMatch(/^f.yaml:\d+:\d+: why$/);
  expect(read).toBeLessThan(10 * text.length);
});
