/** A piece of output that waits for its turn. */
export interface QueuedOutput {
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly bytes: Buffer;
  /** The bytes are given, not lent. */
  readonly given: boolean;
}

interface Block {
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly bytes: Buffer;
  readonly given: boolean;
  length: number;
}

const blockLength = 256 * 1024;
// As many as one execution's credit fills.
const sparesMax = 8;
const strictBlocks = 256;

/**
 * Output that arrived while its sink was busy, merged into blocks so that tiny pieces cost no more memory than large
 * ones. Past 256 blocks, which only a stream that keeps changing between stdout and stderr reaches, pieces join the
 * last block of their own stream, and the order between the two streams is given up.
 */
export interface OutputQueue {
  /** Copies the bytes, unless they are given. */
  add(stream: 'stdout' | 'stderr', offset: number, bytes: Buffer, given: boolean): void;
  /** The next piece; where its bytes are lent, until the next call. */
  take(): QueuedOutput | undefined;
}

/** Large blocks that no queue needs now. */
const spares: Buffer[] = [];

/** An empty queue. */
export function createOutputQueue(): OutputQueue {
  const blocks: Block[] = [];
  let lent: Buffer | undefined;
  let first = 0;
  const last: { stdout?: Block; stderr?: Block } = {};

  const open = (stream: 'stdout' | 'stderr', offset: number, expected: number): Block => {
    // A stream that goes on alone gets whole blocks, so that a slow sink is called for much at a time.
    const whole = blocks.length - first >= strictBlocks || blocks.at(-1)?.stream === stream;
    const size = whole ? blockLength : Math.min(blockLength, Math.max(expected, 1024));
    const bytes = (size === blockLength ? spares.pop() : undefined) ?? Buffer.allocUnsafe(size);
    const block = { stream, offset, bytes, given: false, length: 0 };
    blocks.push(block);
    last[stream] = block;
    return block;
  };

  const openBlock = (stream: 'stdout' | 'stderr'): Block | undefined => {
    const block = last[stream];
    if (!block || block.length === block.bytes.length) return undefined;
    return block === blocks.at(-1) || blocks.length - first >= strictBlocks ? block : undefined;
  };

  return {
    add(stream, offset, bytes, given) {
      if (given) {
        blocks.push({ stream, offset, bytes, given, length: bytes.length });
        delete last[stream];
        return;
      }
      let at = 0;
      while (at < bytes.length) {
        const block = openBlock(stream) ?? open(stream, offset + at, bytes.length - at);
        const length = Math.min(bytes.length - at, block.bytes.length - block.length);
        block.bytes.set(bytes.subarray(at, at + length), block.length);
        block.length += length;
        at += length;
      }
    },
    take() {
      if (lent?.length === blockLength && spares.length < sparesMax) spares.push(lent);
      lent = undefined;
      const block = blocks[first];
      if (!block) return undefined;
      lent = block.given ? undefined : block.bytes;
      first += 1;
      if (last[block.stream] === block) delete last[block.stream];
      if (first === blocks.length) {
        blocks.length = 0;
        first = 0;
      } else if (first > 64) {
        blocks.splice(0, first);
        first = 0;
      }
      const { stream, offset, given } = block;
      return { stream, offset, bytes: block.bytes.subarray(0, block.length), given };
    },
  };
}
