/** How much a box is kept from its host, weakest first. */
export const securityPresets = ['development', 'standard', 'maximum'] as const;

/** One of {@link securityPresets}. */
export type SecurityPreset = (typeof securityPresets)[number];
