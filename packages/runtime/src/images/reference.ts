import { InvalidArgumentError } from 'boxlite/backend';

/** A reference in full: where an image is and which one it is. */
export interface Reference {
  /** `host[:port]`, such as `docker.io`. */
  readonly registry: string;
  /** Such as `library/alpine`. */
  readonly repository: string;
  /** Empty where only a digest is given. */
  readonly tag: string;
  /** `sha256:…` where one is given; then it decides, and the tag is only a name. */
  readonly digest: string | undefined;
}

/** The registry of references that name none. */
export const defaultRegistry = 'docker.io';

/** The image that comes with BoxLite; its full name is `docker.io/boxlite/base:latest`, and it is never pulled. */
export const baseReference = 'docker.io/boxlite/base:latest';

/** Whether it is a name of BoxLite's own images, such as `boxlite/browser`, which are built and imported: on Docker Hub anyone could have it. */
export function isOwn({ registry, repository }: Reference): boolean {
  return registry === defaultRegistry && repository.startsWith('boxlite/');
}

const host =
  /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::[0-9]{1,5})?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagged = /^(.*?)(?::([a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?$/s;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** True for the digest of a manifest, `sha256:` and 64 hexadecimal digits. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

/**
 * The full references that a text may stand for, in the order in which they are to be tried: where it names no registry,
 * the search registries and then docker.io. `InvalidArgumentError` says what is wrong with it.
 */
export function parseReference(
  text: string,
  searchRegistries: readonly string[] = [],
): readonly [Reference, ...Reference[]] {
  const refuse = (why: string): InvalidArgumentError =>
    new InvalidArgumentError(
      `image ${JSON.stringify(text.slice(0, 300))} is not a valid reference: ${why}; write [registry/]name[:tag][@sha256:digest]`,
    );
  if (text === '') throw refuse('it is empty');
  if (text.length > 1000) throw refuse('it is longer than 1000 characters');
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw refuse('its digest is not sha256: and 64 hexadecimal digits');
  const named = at === -1 ? text : text.slice(0, at);
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  const qualified =
    first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  if (qualified && !host.test(first)) throw refuse(`${JSON.stringify(first)} is not a registry's host`);
  const match = tagged.exec(qualified ? named.slice(slash + 1) : named);
  const repository = match?.[1] ?? '';
  const tag = match?.[2] ?? (digest === undefined ? 'latest' : '');
  if (repository !== repository.toLowerCase()) throw refuse('the name has upper-case letters');
  if (repository.length > 255) throw refuse('the name is longer than 255 characters');
  if (!repository.split('/').every((part) => component.test(part))) {
    throw refuse(repository.includes(':') ? 'the tag is malformed' : 'the name is malformed');
  }
  const full = (registry: string): Reference => ({
    registry: canonicalRegistry(registry),
    repository:
      canonicalRegistry(registry) === defaultRegistry && !repository.includes('/')
        ? `library/${repository}`
        : repository,
    tag,
    digest,
  });
  if (qualified) return [full(first)];
  const [one = defaultRegistry, ...more] = [
    ...searchRegistries.filter((each) => each !== defaultRegistry),
    defaultRegistry,
  ];
  return [full(one), ...more.map(full)];
}

/** Lower case, and Docker Hub's other names as `docker.io`. */
export function canonicalRegistry(registry: string): string {
  const lower = registry.toLowerCase();
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? defaultRegistry : lower;
}

/** The one spelling of a full reference: `docker.io/library/alpine:latest`, `host:5000/a/b:1@sha256:…`. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === '' ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
