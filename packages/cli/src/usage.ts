/** A command line that makes no sense: said on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
