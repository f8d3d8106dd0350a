/** Bytes of trees as the disk program reads them, well formed or not. For tests. */

function number(value: number, bytes: number): Buffer {
  const spelled = Buffer.alloc(8);
  spelled.writeBigInt64LE(BigInt(value));
  return spelled.subarray(0, bytes);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length, 2), bytes]);
}

export interface HeadOptions {
  readonly mode?: number;
  readonly uid?: number;
  readonly link?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
}

function head(kind: string, name: string, options: HeadOptions = {}): Buffer {
  const { mode = 0o755, uid = 0, link = 0, xattrs = {} } = options;
  const attributes = Object.entries(xattrs).map(([key, value]) =>
    Buffer.concat([text(key), number(Buffer.byteLength(value), 4), Buffer.from(value)]),
  );
  return Buffer.concat([
    ...[Buffer.from(kind), text(name), number(mode, 4), number(uid, 4), number(0, 4), number(1e9, 8), number(5, 4)],
    ...[number(link, 4), number(attributes.length, 2), ...attributes],
  ]);
}

/** Makes records; nothing is checked. */
export const record = {
  directory: (name: string, options?: HeadOptions): Buffer => head('D', name, options),
  up: Buffer.from('U'),
  whiteout: (name: string): Buffer => head('W', name),
  other: (kind: string, name: string): Buffer => head(kind, name),
  symlink: (name: string, target: string): Buffer => Buffer.concat([head('L', name), text(target)]),
  hardLink: (name: string, link: number): Buffer => Buffer.concat([Buffer.from('H'), text(name), number(link, 4)]),
  /** `pieces`: offset and content. */
  file: (
    name: string,
    size: number,
    pieces: readonly (readonly [number, string])[] = [],
    options?: HeadOptions,
  ): Buffer =>
    Buffer.concat([
      head('F', name, options),
      number(size, 8),
      ...pieces.map(([at, content]) => Buffer.concat([number(content.length, 4), number(at, 8), Buffer.from(content)])),
      number(0, 4),
    ]),
  end: (entries: number, bytes: number): Buffer =>
    Buffer.concat([Buffer.from('E'), number(entries, 8), number(bytes, 8)]),
};

/** A tree of these records below a root, with a right end. */
export function tree(entries: number, bytes: number, ...records: readonly Buffer[]): Buffer {
  return Buffer.concat([record.directory(''), ...records, record.up, record.end(entries + 1, bytes)]);
}
