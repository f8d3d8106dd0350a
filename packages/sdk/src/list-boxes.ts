import { checkName, checkWhole, checkWord } from './argument.ts';
import type { RuntimeBackend } from './backend/backend.ts';
import type { BoxInfo, BoxStatus } from './backend/info.ts';
import type { ListOptions } from './boxlite.ts';
import { type Page, pages } from './pages.ts';

const statuses: readonly BoxStatus[] = ['configured', 'running', 'paused', 'stopping', 'stopped', 'failed', 'unknown'];

/** What a runtime knows of each of its boxes, oldest first; a page is asked for when the loop gets there. */
export async function* listBoxes(
  backend: RuntimeBackend,
  options: ListOptions,
): AsyncGenerator<BoxInfo, void, undefined> {
  const { status, labels, namePrefix, limit = Infinity, signal } = options;
  checkWord('status', status, statuses);
  if (limit !== Infinity) checkWhole('limit', limit, 0);
  checkWhole('pageSize', options.pageSize, 1, 1000);
  const pageSize = options.pageSize ?? Math.max(1, Math.min(limit, 100));
  if (namePrefix !== undefined && namePrefix !== '') checkName('namePrefix', namePrefix);
  const filter = {
    pageSize,
    ...(status !== undefined && { status }),
    ...(labels !== undefined && { labels }),
    ...(namePrefix && { namePrefix }),
  };
  const ask = async (token: string | undefined): Promise<Page<BoxInfo>> => {
    const page = await backend.list({ ...filter, ...(token !== undefined && { pageToken: token }) }, { signal });
    return { items: page.boxes, next: page.nextPageToken };
  };
  let left = limit;
  if (left === 0) return;
  for await (const boxes of pages(ask)) {
    yield* boxes.slice(0, left);
    left -= boxes.length;
    if (left <= 0) return;
  }
}
