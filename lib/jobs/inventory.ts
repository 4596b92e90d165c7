// The machine's hardware as systeminformation finds it: it starts other programs, so it is asked for beside a job that
// lasts, and never waited for. Its parts are loaded one by one, and only those that the kernel does not tell: its whole
// costs a tenth of a second of CPU, from dmesg to the network.
import { arch, release } from 'node:os';
import type { Inventory } from '../recording';
import { osRelease } from './os-release';

type SystemInformation = typeof import('systeminformation');

/** CPU model, disks and operating system; no serial numbers. Rejects where systeminformation fails. */
export async function readInventory(): Promise<Inventory> {
  const { cpu } = require('systeminformation/lib/cpu') as Pick<SystemInformation, 'cpu'>;
  const { diskLayout } = require('systeminformation/lib/filesystem') as Pick<SystemInformation, 'diskLayout'>;
  const [processor, disks, os] = await Promise.all([cpu(), diskLayout(), operatingSystem()]);
  return {
    cpu: {
      model: `${processor.manufacturer} ${processor.brand}`.trim(),
      speed__GHz: processor.speed,
      core_num: processor.cores,
      physical_core_num: processor.physicalCores,
      socket_num: processor.processors,
    },
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

async function operatingSystem(): Promise<Pick<Inventory['os'], 'name' | 'release'>> {
  const known = osRelease();
  if (known) return { name: known.NAME ?? '', release: known.VERSION_ID ?? '' };
  const { osInfo } = require('systeminformation/lib/osinfo') as Pick<SystemInformation, 'osInfo'>;
  const { distro, release: version } = await osInfo();
  return { name: distro, release: version };
}
