// Checks objects of Argo against the models made from Argo's own types; a process of its own, since jest cannot load
// ES modules. In: a JSON array of objects on stdin. Out: for each a list of what is wrong with it.
import * as models from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1';
import { text } from 'node:stream/consumers';

/** The models take fields that they do not know, so whatever they never look at is misspelt. */
function watched(value, path, unread) {
  if (typeof value !== 'object' || value === null) return value;
  const inner = new Map();
  for (const key of Object.keys(value)) {
    if (!Array.isArray(value)) unread.add(`${path}/${key}`);
    inner.set(key, watched(value[key], `${path}/${key}`, unread));
  }
  return new Proxy(value, {
    get(target, key) {
      unread.delete(`${path}/${String(key)}`);
      return inner.has(key) ? inner.get(key) : target[key];
    },
  });
}

/** As Argo's types have it, before its own reading of YAML: groups of steps in objects, containers with their name. */
function asTyped(value) {
  if (Array.isArray(value)) return value.map(asTyped);
  if (typeof value !== 'object' || value === null) return value;
  const typed = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asTyped(inner)]));
  if (Array.isArray(value.steps)) typed.steps = typed.steps.map((steps) => ({ steps }));
  if (value.container) typed.container = { name: 'main', ...typed.container };
  return typed;
}

function problemsOf(untyped) {
  const object = asTyped(untyped);
  const Model = models[object.kind];
  if (!Model?.is(object)) return [`${object.apiVersion} ${object.kind} is no object of Argo`];
  const unread = new Set();
  const model = new Model(object);
  const rest = { ...object };
  delete rest.metadata;
  const { validate } = Model.prototype;
  try {
    validate.call(model);
    Object.assign(model, watched(rest, '', unread));
    validate.call(model);
  } catch (error) {
    return [error.message];
  }
  return [...unread].map((path) => `${path} is no field`);
}

const objects = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(objects.map(problemsOf)));
