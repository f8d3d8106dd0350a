import { InvalidArgumentError } from 'boxlite/backend';

/** What an image is made for, in Go's names (OCI image spec, image-index.md). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Such as `v7` of `arm`; any will do where it is undefined. */
  readonly variant?: string | undefined;
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The platform that boxes of this host run: `linux` and this processor. */
export const hostPlatform: Platform = { os: 'linux', architecture: goNames[process.arch] ?? process.arch };

/** Reads `os/architecture[/variant]`; `InvalidArgumentError`. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9]{1,32})\/([a-z0-9]{1,32})(?:\/([a-z0-9.]{1,32}))?$/.exec(text);
  const [, os, architecture, variant] = match ?? [];
  if (os === undefined || architecture === undefined) {
    throw new InvalidArgumentError(
      `platform ${JSON.stringify(text.slice(0, 100))} is not os/architecture[/variant]; write one such as linux/arm64`,
    );
  }
  return { os, architecture, variant };
}

/** `linux/arm64`, `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}
