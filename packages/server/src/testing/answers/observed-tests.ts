import { afterAll } from 'vitest';
import { observeServers } from './observed-servers.ts';
import { leaveCount, records } from './records.ts';

// A setup file of vitest: the servers of every test are observed, but for those whose speed is measured.
if (!import.meta.filename.includes('/bars/')) observeServers();

afterAll(() => {
  leaveCount();
  const wrong = records.wrong.splice(0);
  if (wrong.length > 0) throw new Error(`answers against spec/openapi.yaml:\n${[...new Set(wrong)].join('\n')}`);
});
