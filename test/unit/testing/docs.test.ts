// docs/SIMULATOR.md promises that every value can be computed by hand: its tables are those of the formula.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { profileOf, type Board, type Wave } from '../../../lib/testing/profiles';

const DOCS = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'SIMULATOR.md'), 'utf8');

const row = (name: string, { form, period__s, low, high, step, refresh__ms }: Wave): string =>
  `| ${[name, form, period__s, low, high, step, refresh__ms].join(' | ')} |`;

/** The rows of one board, as the documentation writes them. */
const tableOf = ({ waves, power }: Board): readonly string[] => [
  ...Object.entries(waves).map(([name, wave]) => row(name, wave)),
  ...(power ? [row('instantaneous power, mW', power)] : []),
];

/** The text of the section with this title. */
const section = (title: string): string => DOCS.split(/^### /m).find((text) => text.startsWith(title)) ?? '';

test.each([
  ['h200x8', 0],
  ['t4', 0],
  ['desktop', 0],
  ['laptop', 0],
  ['odd', 1],
] as const)('the table of %s is the one in use', (profile, index) => {
  const board = profileOf(profile).boards[index];
  expect(
    section(`\`${profile}\``).match(/^\| [a-z_]+(__\w+|[ ,a-zA-Z]+)? \| (square|ramp|sine) .*$/gm),
  ).toEqual(board && tableOf(board));
});

test('its worked example is right', () => {
  const board = profileOf('h200x8').boards[3];
  const used = board?.waves.memory_used__MiB;
  const [low, high] = [(used?.low ?? NaN) + 3 * 512, (used?.high ?? NaN) + 3 * 512];
  expect(DOCS).toContain(`${(low + high) / 2} + ${(high - low) / 2} × sin(2π × 4 / 120)`);
});
