// What only one process may do at a time: one worker of jest installs, the others wait for it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Longer than any download. */
const WAIT__MS = 1_200_000;

/** A lock whose owner is gone is taken over. */
export function withLock<T>(path: string, action: () => T): T {
  mkdirSync(dirname(path), { recursive: true });
  const deadline__ms = Date.now() + WAIT__MS;
  while (!acquire(path)) {
    if (Date.now() > deadline__ms) throw new Error(`${path} is held too long; remove it`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    return action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Ends the holding of a lock. */
export type Release = () => void;

/** The same, for longer: until released, or this process ends. */
export async function holdLock(path: string): Promise<Release> {
  mkdirSync(dirname(path), { recursive: true });
  while (!acquire(path)) await setTimeout(100);
  return () => rmSync(path, { force: true });
}

function acquire(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (!ownerLives(path)) rmSync(path, { force: true });
    return false;
  }
}

function ownerLives(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Empty: its owner is between creating and writing it.
    return pid === 0 || process.kill(pid, 0);
  } catch {
    return false;
  }
}
