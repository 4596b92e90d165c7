// Whose requests are heard: by the name the server is asked under, by the page that asks, and by the token.
import type { IncomingHttpHeaders } from 'node:http';
import { isHostName, isLoopbackName } from './address';
import { problem, problemAnswer } from './problems';
import type { Answer } from './route';
import { isAuthorised } from './token';

export interface Admission {
  /** Undefined: whoever reaches the server may use it. */
  readonly token: string | undefined;
  /** Names that the server answers under, besides localhost and addresses, in lower case; undefined: under any. */
  readonly hosts: readonly string[] | undefined;
}

/** Of a request, what decides. */
export interface Asking {
  /** The server as the client calls it, with the port; undefined where it does not, which a browser always does. */
  readonly host: string | undefined;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a browser says of who asks: the server's own page, or the person at the address bar. */
const OWN_SITES: readonly unknown[] = [undefined, 'same-origin', 'none'];
/** Answer without a token: probes have none. */
export const OPEN_TO_ALL: readonly string[] = ['/health', '/ready'];

/** Undefined where the request is to be heard. */
export function refusalOf(asking: Asking, { token, hosts }: Admission): Answer | undefined {
  return (
    (hosts && nameRefusal(asking, hosts)) ??
    pageRefusal(asking, hosts ?? []) ??
    (token === undefined ? undefined : tokenRefusal(asking, token))
  );
}

/** A page in this machine's browser must not get in under a name of its own (DNS rebinding). */
function nameRefusal({ host }: Asking, hosts: readonly string[]): Answer | undefined {
  const name = host?.replace(/:\d+$/, '').toLowerCase();
  if (name === undefined || isLoopbackName(name) || hosts.includes(name)) return undefined;
  return problemAnswer(
    problem(
      403,
      `this server does not answer as '${name}'; on its own machine ask 127.0.0.1, for others start it with ` +
        `--listen and --token-file, behind a proxy with --allow-host ${isHostName(name) ? name : 'NAME'}`,
    ),
  );
}

/** Another site's page can send requests, though it cannot read the answers. Programs have no origin. */
function pageRefusal({ host, headers }: Asking, hosts: readonly string[]): Answer | undefined {
  const { origin } = headers;
  const isOwnSite = OWN_SITES.includes(headers['sec-fetch-site']);
  const name = origin === undefined ? undefined : hostNameOf(origin);
  const isOwn =
    origin === undefined || isSameOrigin(origin, host) || (name !== undefined && hosts.includes(name));
  if (isOwn && isOwnSite) return undefined;
  const remedy =
    name !== undefined && isOwnSite
      ? `; if that is a proxy before this server, start it with --allow-host ${name}`
      : '';
  return problemAnswer(
    problem(
      403,
      `pages of other sites (${origin ?? 'of no origin'}) may not use this server from a browser${remedy}`,
    ),
  );
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  const own = `${scheme}${host}`;
  return scheme !== undefined && host !== undefined && URL.canParse(own) && new URL(own).origin === origin;
}

/** Of a site that `--allow-host` can name. */
function hostNameOf(origin: string): string | undefined {
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return undefined;
  const { hostname } = new URL(origin);
  return isHostName(hostname) ? hostname : undefined;
}

function tokenRefusal({ path, headers }: Asking, token: string): Answer | undefined {
  if (OPEN_TO_ALL.includes(path) || isAuthorised(headers.authorization, token)) return undefined;
  const given = headers.authorization === undefined ? 'no token was given' : 'the token is not ours';
  const answer = problemAnswer(
    problem(
      401,
      `${given}; send it as Authorization: Bearer TOKEN; nvpulse client takes it from --token-file or NVPULSE_TOKEN`,
    ),
  );
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Bearer' } };
}
