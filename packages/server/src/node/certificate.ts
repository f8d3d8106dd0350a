import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { InvalidArgumentError } from 'boxlite/backend';

/** Where a server's certificate is: PEM files, the chain of the certificate from the leaf on. */
export interface TlsOptions {
  /** The certificate, and those that lead from it to an authority. */
  readonly certFile: string;
  /** Its private key. */
  readonly keyFile: string;
  /** How often the files are looked at for a new certificate, in milliseconds. @default 10_000 */
  readonly watchMs?: number | undefined;
  /** Told when a new certificate was taken up, or why it was not. @default nobody */
  readonly onReload?: ((failure?: Error) => void) | undefined;
}

/** A certificate with its key, both in PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads and checks a certificate and its key; `InvalidArgumentError` for files that are missing or do not belong together. */
export async function readCertificate({ certFile, keyFile }: TlsOptions): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(
      `TLS certificate ${certFile} with key ${keyFile} cannot be used: ${reason}; both must be PEM files of one pair`,
      { cause },
    );
  }
}

/** Takes up certificates that replace the one in use. */
export interface CertificateWatch {
  /** Reads the files now. One that cannot be used leaves the former in use, and is told. */
  reload(): Promise<void>;
  close(): void;
}

/** Looks at the files from time to time: what replaces them, as a renewal does, is taken up. */
export function watchCertificate(options: TlsOptions, take: (certificate: Certificate) => void): CertificateWatch {
  let seen: string | undefined;
  const reload = async (): Promise<void> => {
    seen = await stampOf(options);
    try {
      take(await readCertificate(options));
      options.onReload?.();
    } catch (error) {
      options.onReload?.(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const look = async (): Promise<void> => {
    const now = await stampOf(options);
    const known = seen;
    seen = now;
    if (known !== undefined && known !== now) await reload();
  };
  void look();
  const timer = setInterval(() => void look(), options.watchMs ?? 10_000).unref();
  return { reload, close: () => clearInterval(timer) };
}

/** Changes with the files; through links, which is how some replace them. */
async function stampOf({ certFile, keyFile }: TlsOptions): Promise<string> {
  const stamps = await Promise.all(
    [certFile, keyFile].map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return `${found?.ino}.${found?.mtimeMs}.${found?.size}`;
    }),
  );
  return stamps.join(' ');
}
