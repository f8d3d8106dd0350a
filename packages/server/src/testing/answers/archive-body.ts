import type { BodyCheck } from './event-body.ts';

const block = 512;
const zeros = Buffer.alloc(2 * block);

/** A tar archive (POSIX ustar): headers with good checksums, contents of their sizes, two blocks of zeros at the end. */
export function tarBody(): BodyCheck {
  const head = Buffer.alloc(block);
  let filled = 0;
  let skip = 0;
  let empty = 0;

  function take(): string | undefined {
    if (head.equals(zeros.subarray(0, block))) {
      empty++;
      return undefined;
    }
    if (empty > 0) return 'an entry of the archive comes after a block of zeros';
    const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    if (Number.parseInt(head.toString('latin1', 148, 156), 8) !== sum)
      return 'an entry of the archive has a wrong checksum';
    const large = ((head[124] ?? 0) & 0x80) !== 0;
    const size = large ? Number(head.readBigUInt64BE(128)) : Number.parseInt(head.toString('latin1', 124, 136), 8);
    skip = Math.ceil(size / block) * block;
    return undefined;
  }

  return {
    push(bytes) {
      for (let at = 0; at < bytes.byteLength; ) {
        const skipped = Math.min(skip, bytes.byteLength - at);
        skip -= skipped;
        at += skipped;
        const copied = Math.min(block - filled, bytes.byteLength - at);
        head.set(bytes.subarray(at, at + copied), filled);
        filled += copied;
        at += copied;
        if (filled < block) continue;
        filled = 0;
        const wrong = take();
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
    end(whole) {
      const good = filled === 0 && skip === 0 && empty >= 2;
      return !whole || good ? undefined : 'the archive ends without its two blocks of zeros';
    },
  };
}

const magic = 'BOXLITE-ARCHIVE\n';

/** A box's archive: it begins as docs/reference/box-archive.md says, and ends with its checksum. */
export function boxArchiveBody(): BodyCheck {
  let start = '';
  return {
    push(bytes) {
      if (start.length < magic.length) start += Buffer.from(bytes).toString('latin1', 0, magic.length - start.length);
      return start === magic.slice(0, start.length) ? undefined : 'this is no archive of a box';
    },
    end: (whole) => (!whole || start === magic ? undefined : 'this is no archive of a box'),
  };
}
