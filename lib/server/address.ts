// Addresses as people write them.
import { isIP } from 'node:net';
import { NvpulseError } from '../errors';

export const DEFAULT_PORT = 9417;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT` or `:PORT`, which is every address. @throws ERR_OPTION naming `option` */
export function parseAddress(text: string, option: string, anyHost?: string): Address {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:[\]\s/]*)(?::(\d+))?$/.exec(text);
  const bare = isIP(text) === 6 ? ([text, text] as const) : undefined;
  const [, host, digits = String(DEFAULT_PORT)] = bracketed ?? bare ?? plain ?? [];
  const port = Number(digits);
  const named = host === '' ? anyHost : host;
  if (named !== undefined && text !== '' && port <= 65535) return { host: named, port };
  throw new NvpulseError(
    'ERR_OPTION',
    `${option}: '${text}' is no address; allowed are HOST, HOST:PORT and [IPv6]:PORT, such as 127.0.0.1:${DEFAULT_PORT}`,
  );
}

/** Only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** As a URL has it. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** As a URL's `hostname` has it, without the brackets of an IPv6 address. */
export function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** How this machine is called by itself: `localhost`, or an address. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || isIP(unbracketed(host)) !== 0;
}

/** A name without a port, as `--allow-host` takes it. */
export function isHostName(text: string): boolean {
  return /^[a-z0-9._-]+$/i.test(text);
}
