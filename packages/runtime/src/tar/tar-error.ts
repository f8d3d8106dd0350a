/** A tar stream that is malformed, cut short, beyond a limit, or uses something unsupported. */
export class TarError extends Error {
  override readonly name = 'TarError';
  readonly code = 'tar';
}
