// The API's description for programs: OpenAPI 3.1, made of the routes.
import { VERSION } from '../version';
import { OPEN_TO_ALL } from './admission';
import type { RouteDescription, Schema } from './route';

/** @param needsToken whether clients must show one */
export function describeApi(routes: readonly RouteDescription[], needsToken: boolean): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'nvpulse server',
      version: VERSION,
      description: 'Starts and stops the monitoring of jobs on a GPU node.',
    },
    ...(needsToken
      ? {
          components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
          security: [{ token: [] }],
        }
      : {}),
    paths,
  };
}

function operationOf({
  path,
  summary,
  description,
  params,
  querystring,
  body,
  responses,
}: RouteDescription): object {
  const parameters = [...parametersOf('path', params), ...parametersOf('query', querystring)];
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(OPEN_TO_ALL.includes(path) ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses,
  };
}

function parametersOf(place: 'path' | 'query', { properties = {} }: Schema = {}): readonly object[] {
  return Object.entries(properties as Record<string, Schema>).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}
