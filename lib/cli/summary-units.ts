// Numbers with units as the summary's table shows them: three digits, in the unit that keeps them short.

/** Three significant digits where there are as many before the point or fewer. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 99.95) return value.toFixed(0);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

type Step = readonly [factor: number, unit: string];

/** The largest unit of which at least one is shown: 999.7 µs are 1.00 ms. The smallest where there is none. */
function unitOf(value: number, steps: readonly [Step, ...Step[]]): Step {
  return steps.reduce((below, step) => (shownAs(Math.abs(value), below) >= step[0] ? step : below));
}

/** The value as the digits tell it in that unit. */
function shownAs(value: number, [factor]: Step): number {
  return Number(digits(value / factor)) * factor;
}

function scaled(value: number, steps: readonly [Step, ...Step[]]): string {
  const [factor, unit] = unitOf(value, steps);
  return `${digits(value / factor)} ${unit}`;
}

/** Memory, in powers of 1024. */
export function memory(mebibytes: number): string {
  return scaled(mebibytes * 1048576, [
    [1, 'B'],
    [1024, 'KiB'],
    [1048576, 'MiB'],
    [1073741824, 'GiB'],
    [1099511627776, 'TiB'],
  ]);
}

/** Traffic, in powers of 1000, as disks and networks are sold. */
export function traffic(bytes: number): string {
  return scaled(bytes, [
    [1, 'B'],
    [1e3, 'kB'],
    [1e6, 'MB'],
    [1e9, 'GB'],
    [1e12, 'TB'],
  ]);
}

const ENERGY = [
  [1, 'J'],
  [1e3, 'kJ'],
  [1e6, 'MJ'],
] as const;

export function energy(joules: number): string {
  return scaled(joules, ENERGY);
}

/** Both in the unit of the energy, to as many digits after the point. */
export function energyGiveOrTake(joules: number, uncertainty__J: number): string {
  const [factor, unit] = unitOf(joules, ENERGY);
  const shown = digits(joules / factor);
  const decimals = shown.split('.')[1]?.length ?? 0;
  return `${shown} ± ${(uncertainty__J / factor).toFixed(decimals)} ${unit}`;
}

export function seconds(value: number): string {
  if (shownAs(value, [1, 's']) >= 60) return clock(Math.round(value));
  return scaled(value, [
    [1e-6, 'µs'],
    [1e-3, 'ms'],
    [1, 's'],
  ]);
}

/** Such as 3 m 05 s, or 2 h 14 m. */
function clock(total__s: number): string {
  const [hours, minutes, rest__s] = [
    Math.floor(total__s / 3600),
    Math.floor(total__s / 60) % 60,
    total__s % 60,
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours} h ${two(minutes)} m` : `${minutes} m ${two(rest__s)} s`;
}

export function percent(value: number): string {
  return `${value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)} %`;
}
