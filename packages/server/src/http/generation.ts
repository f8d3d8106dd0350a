/** Which clients an answer is for: those of 1 read an error's `code` as an integer, those of 2 as a word. */
export type Generation = 1 | 2;

/** A token from `/v1/oauth/tokens` means generation 1, whether or not it is good; any other bearer, or none, means 2. */
export function generationOf(authorization: string | null | undefined): Generation {
  return /^Bearer +eyJ[\w-]*\.[\w-]+\.[\w-]*$/i.test(authorization ?? '') ? 1 : 2;
}
