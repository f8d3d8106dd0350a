import { fileURLToPath } from 'node:url';

// Sources run in a clone, compiled files in a package, which brings these (scripts/pack.ts).
const inClone = import.meta.url.endsWith('.ts');
const path = (inSources: string, inPackage: string): string =>
  fileURLToPath(new URL(inClone ? `../../../../${inSources}` : `../../${inPackage}`, import.meta.url));

/** The contract. */
export const openapiFile: string = path('spec/openapi.yaml', 'spec/openapi.yaml');

/** The dashboard's files, built: in a clone by set-up. */
export const dashboardFolder: string = path('.setup/dashboard', 'dashboard');

/** What scripts/reference.ts made of it. */
export const referenceFile: string = path('docs/reference/rest-api.md', 'spec/rest-api.md');
