// The machine's hardware as systeminformation finds it: it starts other programs, so it is asked for beside a job that
// lasts, and never waited for. Its parts are loaded one by one, and only those that the kernel does not tell: its whole
// costs a tenth of a second of CPU, from dmesg to the network.
import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import type { Inventory } from '../recording';
import { osRelease } from './os-release';

type SystemInformation = typeof import('systeminformation');

/**
 * CPU model, disks and operating system; no serial numbers. Rejects where systeminformation fails.
 * @param rootfs where the machine's root is mounted, '' for our own
 */
export async function readInventory(rootfs: string): Promise<Inventory> {
  const { diskLayout } = require('systeminformation/lib/filesystem') as Pick<SystemInformation, 'diskLayout'>;
  const [cpu, disks, os] = await Promise.all([processor(), diskLayout(), operatingSystem(rootfs)]);
  return {
    cpu,
    disks: disks.map(({ device, type, name, interfaceType, size }) => ({
      device,
      type,
      name,
      interface: interfaceType,
      size__MiB: size / 1048576,
    })),
    os: { ...os, kernel: release(), arch: arch() },
  };
}

async function processor(): Promise<Inventory['cpu']> {
  const told = fromCpuinfo(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
  if (told) return told;
  const { cpu } = require('systeminformation/lib/cpu') as Pick<SystemInformation, 'cpu'>;
  const { manufacturer, brand, speed, cores, physicalCores, processors } = await cpu();
  return {
    model: `${manufacturer} ${brand}`.trim(),
    speed__GHz: speed,
    core_num: cores,
    physical_core_num: physicalCores,
    socket_num: processors,
  };
}

/** Undefined where the kernel does not tell all of it there: on x86 it does, on ARM not. */
function fromCpuinfo(text: string): Inventory['cpu'] | undefined {
  const all = (key: string): readonly string[] =>
    Array.from(text.matchAll(new RegExp(`^${key}\\s*: (.*)$`, 'gm')), ([, value = '']) => value);
  const [models, sockets, cores] = [all('model name'), all('physical id'), all('core id')];
  const [model] = models;
  if (model === undefined || sockets.length !== models.length || cores.length !== models.length)
    return undefined;
  const [, nominal] = /@ ([\d.]+)GHz/.exec(model) ?? [];
  return {
    model,
    speed__GHz: Number(nominal ?? 0),
    core_num: models.length,
    physical_core_num: new Set(sockets.map((socket, at) => `${socket}/${cores[at]}`)).size,
    socket_num: new Set(sockets).size,
  };
}

async function operatingSystem(rootfs: string): Promise<Pick<Inventory['os'], 'name' | 'release'>> {
  const known = osRelease(rootfs);
  if (known) return { name: known.NAME ?? '', release: known.VERSION_ID ?? '' };
  const { osInfo } = require('systeminformation/lib/osinfo') as Pick<SystemInformation, 'osInfo'>;
  const { distro, release: version } = await osInfo();
  return { name: distro, release: version };
}
