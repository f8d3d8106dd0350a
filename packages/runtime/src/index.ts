export { defaultHomeDir, openLocal } from './open-local.ts';
