// A route of the API: what it takes, what it does, and what it answers, so that a request is checked and described by
// one and the same schema.
import type { Ajv, ErrorObject } from 'ajv';
import type { ServerResponse } from 'node:http';
import { NvpulseError } from '../errors';
import { parseDuration } from '../time';
import { STEPS } from './names';
import { DURATION, NO_CONTROL, NO_CONTROL_BUT_LAYOUT } from './schemas';

export type Schema = Readonly<Record<string, unknown>>;

/** A response as OpenAPI describes it. */
export interface ResponseDescription {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface RouteDescription {
  readonly method: 'GET' | 'POST';
  /** Such as `/v1/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly body?: Schema;
  /** By status, such as `200` and `4XX`. */
  readonly responses: Readonly<Record<string, ResponseDescription>>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: object;
}

/** What is sent for as long as the client stays. */
export interface Streaming {
  readonly headers: Readonly<Record<string, string>>;
  /** Takes the response once its headers are written. */
  readonly stream: (response: ServerResponse) => void;
}

/** What arrived, not checked yet. */
export interface Incoming {
  readonly params: unknown;
  readonly querystring: unknown;
  readonly body: unknown;
}

export interface Route extends RouteDescription {
  /** The values of the path's `{names}`; undefined where it is another path. @throws ERR_OPTION */
  paramsOf(path: string): Readonly<Record<string, string>> | undefined;
  /** @throws ERR_OPTION where what arrived does not fit the schemas, and what the route's work throws */
  handle(incoming: Incoming): Answer | Streaming | Promise<Answer | Streaming>;
}

/** A route whose handler gets what its schemas let through. */
export type RouteMaker = <Asked extends Partial<Incoming>>(
  description: RouteDescription,
  handle: (asked: Asked) => ReturnType<Route['handle']>,
) => Route;

export function routeMaker(ajv: Ajv): RouteMaker {
  return <Asked extends Partial<Incoming>>(
    description: RouteDescription,
    handle: (asked: Asked) => ReturnType<Route['handle']>,
  ): Route => {
    const { params = {}, querystring = {}, body = {} } = description;
    const fits = ajv.compile<Asked>({ type: 'object', properties: { params, querystring, body } });
    return {
      ...description,
      paramsOf: matcherOf(description.path),
      handle: (incoming: unknown) => {
        if (fits(incoming)) return handle(incoming);
        throw new NvpulseError('ERR_OPTION', explain(fits.errors?.[0]));
      },
    };
  };
}

function matcherOf(template: string): Route['paramsOf'] {
  const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
  return (path) => {
    const match = pattern.exec(path);
    if (!match) return undefined;
    try {
      return Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]),
      );
    } catch {
      throw new NvpulseError('ERR_OPTION', `'${path}' is not in percent notation`);
    }
  };
}

/** Such as `body/id must NOT have more than 256 characters`. */
function explain({
  instancePath = '',
  keyword,
  message,
  params,
  data,
}: Partial<ErrorObject<string, Schema>> = {}): string {
  const where = instancePath.slice(1);
  switch (params?.['pattern']) {
    case DURATION:
      // Says what is one.
      parseDuration(String(data), where.slice(where.lastIndexOf('/') + 1));
      break;
    case NO_CONTROL:
      return `${where} must not have control characters`;
    case NO_CONTROL_BUT_LAYOUT:
      return `${where} must not have control characters other than tabs and line breaks`;
  }
  if (keyword === 'not') return `${where} must be neither ${STEPS.join(' nor ')}, which no URL can name`;
  const extra = params?.['additionalProperty'] ?? params?.['allowedValues'];
  return `${where} ${message}${extra === undefined ? '' : `: ${JSON.stringify(extra)}`}`;
}
