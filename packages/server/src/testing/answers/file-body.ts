import type { BodyCheck } from './event-body.ts';

/** A file, or the part of it that `Content-Range` names: as many bytes as the headers say. */
export function fileBody(headers: Headers): BodyCheck {
  const length = Number(headers.get('content-length'));
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const isPart = Number(last) < Number(size) && Number(last) - Number(first) + 1 === length;
  let came = 0;
  return {
    push(bytes) {
      if (size !== undefined && !isPart)
        return `Content-Range is ${headers.get('content-range')}, Content-Length ${length}`;
      came += bytes.byteLength;
      return came > length ? `there are more than the ${length} bytes of Content-Length` : undefined;
    },
    end: (whole) => (whole && came !== length ? `there are ${came} bytes, and ${length} by Content-Length` : undefined),
  };
}
