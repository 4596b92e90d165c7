// What add-monitoring is told, checked: these texts go into YAML and onto command lines.
import { isIP } from 'node:net';
import { NvpulseError } from '../errors';

export interface AddMonitoringOptions {
  /**
   * Where the monitoring server listens, as the client's `-i` takes it: `HOST[:PORT]` or `[IPv6]:PORT`, several with
   * commas.
   * @default 'REPLACE-IP-ADDRESS', for sed to replace
   */
  readonly host?: string;
  /** The image that holds the client. @default 'clara/monitor-server:latest' */
  readonly image?: string;
  /** The window opens before this operator, not before the first. */
  readonly from?: string;
  /** The window closes after this operator, not after the last. */
  readonly to?: string;
  /** A window of its own around each operator too. @default false */
  readonly perStep?: boolean;
  /** The Kubernetes Secret whose key `token` the stages send; Argo only. */
  readonly tokenSecret?: string;
  /** What messages call the text. @default 'pipeline' */
  readonly file?: string;
  /** Is told, in one line each, what was left out and what is still to be done. @default nobody is */
  readonly warn?: (line: string) => void;
}

/** The same, whole. */
export interface Plan {
  readonly host: string;
  readonly image: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly perStep: boolean;
  readonly tokenSecret: string | undefined;
  readonly warn: (line: string) => void;
}

export const HOST_PLACEHOLDER = 'REPLACE-IP-ADDRESS';
const IMAGE = 'clara/monitor-server:latest';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
/** The grammar of image references, short of what it says about lengths. */
const IMAGE_REFERENCE =
  /^[a-z0-9]+(?:[._:-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/i;
/** A DNS subdomain, as Kubernetes names its objects. */
const SECRET = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * @param warn is told what `options.warn` shall be told where all goes well
 * @throws ERR_OPTION naming the option, its value and what is allowed
 */
export function planOf(options: AddMonitoringOptions, warn: (line: string) => void): Plan {
  const { host = HOST_PLACEHOLDER, image = IMAGE, from, to, perStep = false, tokenSecret } = options;
  const hosts = host.split(',');
  if (!hosts.every((one) => HOST.test(one) || isIP(one) === 6))
    throw refused('host', host, 'HOST[:PORT] or [IPv6]:PORT, several with commas between');
  if (!IMAGE_REFERENCE.test(image))
    throw refused('image', image, 'an image, such as clara/monitor-server:1.0');
  if (tokenSecret !== undefined && !SECRET.test(tokenSecret))
    throw refused('tokenSecret', tokenSecret, 'the name of a Kubernetes Secret');
  return { host, image, from, to, perStep, tokenSecret, warn };
}

export function refused(option: string, value: string, allowed: string): NvpulseError {
  return new NvpulseError('ERR_OPTION', `${option}: '${value}' is not allowed; allowed is ${allowed}`);
}

/** What `to` may be. */
export const afterFrom = ({ from }: Plan): string => `an operator that comes after '${from}'`;
