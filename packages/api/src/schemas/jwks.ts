import * as z from 'zod';

/** The public halves of the keys that sign access tokens (RFC 7517). */
export interface Jwks {
  readonly keys: readonly { readonly kid: string; readonly kty: string; readonly alg?: string | undefined }[];
}

/** Reads the keys; their other members stay. */
export const jwks: z.ZodType<Jwks> = z.object({
  keys: z.array(z.looseObject({ kid: z.string(), kty: z.string(), alg: z.string().optional() })),
});
