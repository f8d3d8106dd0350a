import type { CallOptions } from '../backend/backend.ts';
import { type BoxliteError, boxliteError, ExecutionError, ImageError, NetworkError, NotFoundError } from '../errors.ts';
import { type HeldBox, holdBox, type SimpleBoxOptions } from './simple-box.ts';

/** An image that is built from a clone of BoxLite, and that no registry has. */
export interface BuiltImage {
  /** Its name, such as `boxlite/browser`. */
  readonly name: string;
  /** Its folder under `images/`. */
  readonly folder: string;
}

/** How to get the image. */
export function howToBuild({ name, folder }: BuiltImage): string {
  return `build the image in a clone of BoxLite: node images/${folder}/build.ts --out DIR && boxlite images import DIR ${name}`;
}

/** Makes a box of the image, or of another that the options name, with 2 processors and 2 GiB unless told; an image that is not there is told with the way to it. */
export async function holdBuilt(image: BuiltImage, options: SimpleBoxOptions, call: CallOptions): Promise<HeldBox> {
  const own = options.image === undefined && options.rootfsPath === undefined;
  try {
    return await holdBox(own ? { ...options, image: image.name } : options, call, { cpus: 2, memoryMib: 2048 });
  } catch (error) {
    if (!own || !isAbsence(error)) throw error;
    throw boxliteError(error.code, `${error.message}; ${howToBuild(image)}`, { cause: error });
  }
}

function isAbsence(error: unknown): error is BoxliteError {
  return error instanceof ImageError || error instanceof NotFoundError || error instanceof NetworkError;
}

/** The error of a box whose image lacks a program. */
export function lacking(program: string, image: BuiltImage, cause: unknown): ExecutionError {
  return new ExecutionError(`the box's image has no ${program}; ${howToBuild(image)}`, { cause });
}
