import { RestError, StatusError, TransportError } from '@boxlite/rest';
import { type BoxliteError, ImageError, InvalidArgumentError, NetworkError, PermissionError } from 'boxlite/backend';
import { defaultRegistry } from '../reference.ts';

/** True for a registry's answer that it has no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.status === 404;
}

/** What to tell the user of a failure of a registry; anything else, such as an abort's reason, stays what it is. */
export function registryFailure(error: unknown, image: string, host: string): unknown {
  if (error instanceof StatusError) return statusFailure(error, image, host);
  if (error instanceof TransportError) {
    // What the user wrote is wrong or not for him, not the network.
    const { cause } = error;
    if (cause instanceof InvalidArgumentError || cause instanceof PermissionError) return cause;
    return new NetworkError(
      `cannot pull ${image}: registry ${host} could not be reached (${error.message}); check the network and imageRegistries`,
      { cause: error },
    );
  }
  if (error instanceof RestError) {
    return new ImageError(`cannot pull ${image}: registry ${host} gave an unusable answer (${error.message})`, {
      cause: error,
    });
  }
  return error;
}

function statusFailure(error: StatusError, image: string, host: string): BoxliteError {
  const answered = `registry ${host} answered ${error.status}`;
  if (error.status === 404) {
    return new ImageError(`image not found: ${image} (${answered}); pull another tag or boxlite images import`, {
      cause: error,
    });
  }
  if (error.status === 401 || error.status === 403) {
    // Docker Hub says so of images that do not exist, too.
    const missing = host === defaultRegistry ? 'it may not exist, or ' : '';
    return new ImageError(
      `cannot pull ${image}: ${missing}it needs other credentials (${answered}); set auth for ${host} in imageRegistries`,
      { cause: error },
    );
  }
  if (error.status === 429) {
    return new ImageError(`cannot pull ${image}: too many requests (${answered}); wait, or set auth for ${host}`, {
      cause: error,
    });
  }
  return new ImageError(`cannot pull ${image}: ${answered}: ${error.message}`, { cause: error });
}
