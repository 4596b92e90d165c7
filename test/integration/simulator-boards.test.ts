// What real boards have: links, apertures, fans, energy since the driver was loaded, and processes that live.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expected, simulate, type ProfileName, type Simulation } from '../../lib/testing';
import { NVIDIA_ML_PY, type Code } from '../support/nvidia-ml-py';
import { describeWithPython } from '../support/python';

interface Board {
  readonly links: readonly (number | Code)[];
  readonly link_fields: readonly (number | Code)[];
  readonly bar1__MiB: readonly number[] | Code;
  readonly fans: number | Code;
  readonly fan__pct: number | Code;
  readonly energy__J: number | Code;
  readonly compute: readonly number[];
  readonly graphics: readonly number[];
}

const INVALID: Code = { code: 2 };
const NOT_SUPPORTED: Code = { code: 3 };
const NO_FUNCTION: Code = { code: 13 };
const TIME__NS = 1_790_000_002_000_000_000n;

describeWithPython('boards', [NVIDIA_ML_PY], (python) => {
  const script = readFileSync(join(__dirname, '..', 'python', 'read_boards.py'), 'utf8');
  const read = ({ env }: Simulation, more: Readonly<Record<string, string>> = {}): readonly Board[] => {
    const { boards } = python.json(script, { env: { ...env, ...more } }) as {
      readonly boards: readonly Board[];
    };
    return boards.filter((board) => !('code' in board));
  };
  const first = (profile: ProfileName): Board | undefined =>
    read(simulate({ profile, time__ns: TIME__NS }))[0];

  test.each([
    ['h200x8', [...new Array<number>(18).fill(1), INVALID], [26562, 18], [262144, 2], NOT_SUPPORTED],
    ['t4', [NOT_SUPPORTED], [NOT_SUPPORTED, NOT_SUPPORTED], [256, 2], NOT_SUPPORTED],
    ['desktop', [NOT_SUPPORTED], [NOT_SUPPORTED, NOT_SUPPORTED], [32768, 2], 2],
    ['laptop', [NOT_SUPPORTED], [NOT_SUPPORTED, NOT_SUPPORTED], [8192, 2], NOT_SUPPORTED],
    ['odd', [NOT_SUPPORTED], [NOT_SUPPORTED, NOT_SUPPORTED], [65536, 2], NO_FUNCTION],
  ] as const)('of %s have its links, aperture and fans', (profile, links, link_fields, bar1__MiB, fans) => {
    expect(first(profile)).toMatchObject({ links, link_fields, bar1__MiB, fans });
  });

  test.each(['h200x8', 't4', 'laptop'] as const)('of %s have no fan to tell of', (profile) => {
    expect(first(profile)?.fan__pct).toEqual(NOT_SUPPORTED);
  });

  test('count energy from when the machine started, if nothing else is said', () => {
    const { env, loaded__ns } = simulate({ profile: 't4' });
    const started__s = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
    expect(loaded__ns).toBe(BigInt(started__s ?? 0) * 1_000_000_000n);
    const energies = [
      { env, loaded__ns },
      { env: { ...env, NVPULSE_SIM_LOADED: '' }, loaded__ns },
    ].map((simulation) => read({ ...simulate({ profile: 't4' }), ...simulation })[0]?.energy__J ?? NaN);
    const age__s = Date.now() / 1000 - Number(loaded__ns / 1_000_000_000n);
    for (const energy__J of energies) {
      // Between 27 W and 68 W all the time.
      expect(energy__J).toBeGreaterThan(26 * (age__s - 60));
      expect(energy__J).toBeLessThan(69 * age__s);
    }
  });

  test('count energy from the load that is named', () => {
    const loaded__ns = TIME__NS - 7_000_000_000n;
    const boards = read(simulate({ time__ns: TIME__NS, loaded__ns }));
    expect(boards.map(({ energy__J }) => energy__J)).toEqual(
      boards.map((_, index) => expected('h200x8', index, 'energy__J', TIME__NS, loaded__ns)),
    );
  });

  test('show processes of this machine, unless invented ones are asked for', () => {
    const simulation = simulate({ time__ns: TIME__NS });
    const shown = read(simulation, { NVPULSE_SIM_PROCESSES: '' });
    expect(shown).toHaveLength(8);
    for (const { compute } of shown) {
      expect(compute.length).toBeGreaterThan(0);
      expect(new Set(compute).size).toBe(compute.length);
    }
    // The oldest lives on, whatever ends meanwhile.
    const [oldest = NaN] = shown[0]?.compute ?? [];
    expect(existsSync(`/proc/${oldest}`)).toBe(true);
    const invented = read(simulation).flatMap(({ compute }) => compute);
    expect(invented.every((pid) => pid >= 5_000_000)).toBe(true);
  });
});
