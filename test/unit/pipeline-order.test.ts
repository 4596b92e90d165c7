// Whatever the pipeline and however it is written: monitor-start comes before, monitor-stop after, nothing else changes.
import fc from 'fast-check';
import { addMonitoring, removeMonitoring, type AddMonitoringOptions } from '../../lib/pipeline';
import { argoOrder, argoText, claraOrder, claraText, dags, type Dag, type Order } from '../support/pipelines';

const RUNS = { numRuns: 100 };

/** All that comes before a name, or after it, and itself. */
function reach(dag: Dag, start: string, back: boolean): ReadonlySet<string> {
  const seen = new Set([start]);
  for (const name of seen)
    for (const [other, after] of Object.entries(dag))
      if (back ? dag[name]?.includes(other) : after.includes(name)) seen.add(other);
  return seen;
}

const bounds = fc.record({ from: fc.option(fc.nat()), to: fc.option(fc.nat()), perStep: fc.boolean() });
type Bounds = typeof bounds extends fc.Arbitrary<infer T> ? T : never;

/** What a window from … to holds, or undefined where the one does not come after the other. */
function selected(dag: Dag, { from, to }: AddMonitoringOptions): readonly string[] | undefined {
  const after = from === undefined ? undefined : reach(dag, from, false);
  const before = to === undefined ? undefined : reach(dag, to, true);
  const names = Object.keys(dag).filter((name) => (after?.has(name) ?? true) && (before?.has(name) ?? true));
  return names.length > 0 ? names : undefined;
}

function optionsOf(dag: Dag, { from, to, perStep }: Bounds): AddMonitoringOptions {
  const names = Object.keys(dag);
  return {
    perStep,
    ...(from === null ? {} : { from: names[from % names.length] ?? '' }),
    ...(to === null ? {} : { to: names[to % names.length] ?? '' }),
  };
}

/** The order of the pipeline's own operators is as it was. */
function expectSameOrder(dag: Dag, before: Order, after: Order): void {
  const own = (order: Order): unknown =>
    Object.keys(dag).map((name) => [name, Object.keys(dag).filter((other) => order.get(name)?.has(other))]);
  expect(own(after)).toEqual(own(before));
}

/** Comments are as they were, in their order; so is every line of the text that the tool has no reason to touch. */
function expectKept(before: string, after: string): void {
  const commentsOf = (text: string): readonly string[] => text.match(/#[^\r\n]*/g) ?? [];
  expect(commentsOf(after)).toEqual(commentsOf(before));
  const lines = after.split('\n');
  let at = -1;
  for (const line of before
    .split('\n')
    .filter((one) => !/input|output|depend|\{|entrypoint|onExit/.test(one))) {
    at = lines.findIndex((one, index) => index > at && one.trimEnd() === line.trimEnd());
    expect({ line, found: at >= 0 }).toEqual({ line, found: true });
  }
}

function expectReversible(text: string, added: string, options: AddMonitoringOptions): void {
  expect(addMonitoring(added, options)).toBe(added);
  expect(removeMonitoring(added)).toBe(text);
  expect(removeMonitoring(text)).toBe(text);
}

test('Clara: start before and stop after every selected operator', () => {
  fc.assert(
    fc.property(dags, fc.gen(), bounds, (dag, g, bound) => {
      const text = claraText(dag, g);
      const options = optionsOf(dag, bound);
      const names = selected(dag, options);
      if (!names) return expect(() => addMonitoring(text, options)).toThrow(/^to: '.*comes after/);
      const added = addMonitoring(text, options);
      const order = claraOrder(added);
      for (const name of names) {
        expect(order.get(name)).toContain('monitor-start');
        expect(order.get('monitor-stop')).toContain(name);
        if (!options.perStep) continue;
        expect(order.get(name)).toContain(`monitor-start-${name}`);
        expect(order.get(`monitor-stop-${name}`)).toContain(name);
      }
      // monitor-stop learns from monitor-start which job it stops.
      expect(order.get('monitor-stop')).toContain('monitor-start');
      for (const before of order.get('monitor-start') ?? []) expect(names).not.toContain(before);
      expectSameOrder(dag, claraOrder(text), order);
      expectKept(text, added);
      expectReversible(text, added, options);
    }),
    RUNS,
  );
});

test('Argo: start before and stop after every selected task', () => {
  fc.assert(
    fc.property(dags, fc.gen(), bounds, (dag, g, bound) => {
      const text = argoText(dag, g);
      const options = optionsOf(dag, bound);
      const names = selected(dag, options);
      if (!names) return expect(() => addMonitoring(text, options)).toThrow(/^to: '.*comes after/);
      const added = addMonitoring(text, options);
      const order = argoOrder(added);
      for (const name of names) {
        expect(order.get(name)).toContain('monitor-start');
        expect(order.get('monitor-stop')).toContain(name);
        if (options.to !== undefined) expect(order.get('stop {{workflow.uid}}')).toContain(options.to);
        if (!options.perStep) continue;
        expect(order.get(name)).toContain(`monitor-start-${name}`);
        expect(order.get(`stop {{workflow.uid}}.${name}`)).toContain(name);
      }
      for (const before of order.get('monitor-start') ?? []) expect(names).not.toContain(before);
      // The exit handler that was there still runs, after all.
      for (const handler of ['on-exit', 'exit-hook'])
        if (order.has(handler)) for (const name of names) expect(order.get(handler)).toContain(name);
      expect(order.has('on-exit') || order.has('exit-hook')).toBe(argoOrder(text).has('clean-up'));
      expectSameOrder(dag, argoOrder(text), order);
      expectKept(text, added);
      expectReversible(text, added, options);
    }),
    RUNS,
  );
});
