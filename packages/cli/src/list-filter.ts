import type { BoxStatus, ListOptions } from 'boxlite';
import { UsageError } from './usage.ts';

const statuses: readonly BoxStatus[] = ['configured', 'running', 'paused', 'stopping', 'stopped', 'failed', 'unknown'];

/** What `--filter status=STATUS`, `name=PREFIX` and `label=NAME=VALUE` ask for together; labels may repeat. */
export function listFilter(filters: readonly string[]): ListOptions {
  const labels: Record<string, string> = {};
  let found: ListOptions = {};
  for (const filter of filters) {
    const [, key, value = ''] = /^(status|name|label)=(.+)$/s.exec(filter) ?? [];
    const status = statuses.find((one) => one === value);
    const [, label, of] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
    if (key === 'name') found = { ...found, namePrefix: value };
    else if (key === 'status' && status) found = { ...found, status };
    else if (key === 'label' && label !== undefined && of !== undefined) {
      labels[label] = of;
      found = { ...found, labels };
    } else throw new UsageError(`--filter ${JSON.stringify(filter)}: ${rule}`);
  }
  return found;
}

const rule = `it must be name=PREFIX, label=NAME=VALUE or status= with one of ${statuses.join(', ')}`;
