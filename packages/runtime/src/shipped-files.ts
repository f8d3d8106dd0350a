import { fileURLToPath } from 'node:url';

// Sources run in a clone, which builds these files; compiled files run in a package, which brings them (scripts/pack.ts).
const inClone = import.meta.url.endsWith('.ts');
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The program that is PID 1 in every box, and the host program. */
export const guestBinary: string = path(inClone ? '../../../guest/build/boxlite-guest' : '../guest/boxlite-guest');

/** The image `boxlite/base:latest` as an OCI layout: every home directory gets it on first use. */
export const baseImageDir: string = path(inClone ? '../../../.setup/base-image' : '../base-image');

/** Where kernels for micro-VMs are looked for: what set-up of a clone has fetched for tests, then what the host has. */
export const kernelRoots: readonly string[] = [...(inClone ? [path('../../../.setup/kernel')] : []), '/'];
