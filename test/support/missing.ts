/**
 * Stands where tests would that lack a tool: a skip with its reason printed, but where `CI=true` a failure.
 */
export function describeWithout(name: string, reason: string): void {
  describe(name, () => {
    if (process.env['CI'] !== 'true') {
      process.stderr.write(`skipped: ${name}: ${reason}\n`);
      test.skip(reason, () => undefined);
    } else {
      test('has what it needs', () => {
        throw new Error(reason);
      });
    }
  });
}
