import { cloneBoxRequest, exportBoxRequest, importBoxQuery } from '@boxlite/api';
import { type BoxBackend, InvalidArgumentError, type MakeOptions, PayloadTooLargeError } from 'boxlite/backend';
import { limitedStream, tooLarge } from '../files/limited-stream.ts';
import { type Pace, pacedStream } from '../files/paced-stream.ts';
import { HttpError } from '../http/http-error.ts';
import { requireMediaType } from '../http/media-type.ts';
import type { Reply } from '../http/reply.ts';
import { json, streamed } from '../http/respond.ts';
import { readOptionalJson, readQuery } from '../http/validated.ts';
import { madeEarlier, onId } from '../idempotency/earlier.ts';
import { boxToWire } from '../wire/box.ts';
import { pathBox, type RestCall, type Routes } from './route.ts';

const archiveType = 'application/octet-stream';

/** The operations that make boxes of boxes: copies, and archives out and in. */
export function copyRoutes(pace: Pace): Routes<'cloneBox' | 'exportBox' | 'importBox'> {
  return {
    async cloneBox(call) {
      const { name } = await readOptionalJson(call.request, cloneBoxRequest);
      const earlier = await madeEarlier(call);
      if (earlier) return made(call, earlier);
      const source = await pathBox(call);
      const box = await source.clone(name, going(call));
      call.attempt?.undoIfAbandoned();
      return made(call, box);
    },

    async exportBox(call) {
      await readOptionalJson(call.request, exportBoxRequest);
      const archive = await (await pathBox(call)).export({ signal: call.request.signal });
      return streamed(archiveType, archive);
    },

    async importBox(call) {
      const { request, backend } = call;
      const { name } = readQuery(request, importBoxQuery);
      requireMediaType(request, archiveType);
      const limitBytes = (await backend.config()).capabilities.fileTransferMaxBytes;
      if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge(limitBytes);
      if (request.body === null) throw new InvalidArgumentError('the body must be an archive that exportBox gave');
      const earlier = await madeEarlier(call);
      if (earlier) return made(call, earlier);
      const { stream, failure } = limitedStream(pacedStream(request.body, pace), limitBytes);
      const { archive, drain } = unhurried(stream);
      try {
        const box = await backend.importBox(archive, name, going(call));
        call.attempt?.undoIfAbandoned();
        return made(call, box);
      } catch (error) {
        await drain();
        const cause = failure();
        if (cause instanceof PayloadTooLargeError || cause instanceof HttpError) throw cause;
        if (cause !== undefined) throw new InvalidArgumentError('the archive broke off before its end', { cause });
        throw error;
      }
    },
  };
}

/** With a key it goes on without its client, who may ask again and is to find this box, or that it is under way. */
function going(call: RestCall): MakeOptions {
  return call.attempt ? onId(call) : { signal: call.request.signal };
}

function made(call: RestCall, box: BoxBackend): Reply {
  const location = `${call.root}/boxes/${box.id}`;
  return json(201, boxToWire(box.snapshot), { location });
}

/** The same stream, and a way to read what a refusal left of it: a client that still sends would not see the answer. */
function unhurried(stream: ReadableStream<Uint8Array>): {
  readonly archive: ReadableStream<Uint8Array>;
  readonly drain: () => Promise<void>;
} {
  const reader = stream.getReader();
  const archive = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  const drain = async (): Promise<void> => {
    try {
      while (!(await reader.read()).done);
    } catch {
      // It broke off: there is nobody to answer, or the limit says what to answer.
    }
  };
  return { archive, drain };
}
