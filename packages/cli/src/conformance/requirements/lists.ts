import type { Kit } from '../kit.ts';
import { like, list, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { additions, permission } from '../server.ts';

/** The ids of all boxes of a list, page after page. */
async function idsOf({ send }: Kit, query: string): Promise<readonly unknown[]> {
  const ids: unknown[] = [];
  for (let token: unknown = ''; typeof token === 'string'; ) {
    const next = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`;
    const page = (await send('GET', `/boxes?${query}${next}`)).is(200).json();
    ids.push(...list(member(page, 'boxes'), 'boxes').map((box) => member(box, 'box_id')));
    token = member(page, 'next_page_token');
    must(ids.length <= 100_000, 'the pages must come to an end');
  }
  return ids;
}

/** Lists, their pages and what they are narrowed by. */
export const listRequirements: readonly Requirement[] = [
  {
    id: 'lists.all',
    text: 'the list has a box from its creation to its removal',
    clause: 'listBoxes',
    async check(kit) {
      const id = await kit.box();
      must((await idsOf(kit, 'pageSize=1000')).includes(id), 'the list must have the new box');
      (await kit.send('DELETE', `/boxes/${id}?force=true`)).is(204);
      must(!(await idsOf(kit, 'pageSize=1000')).includes(id), 'the list must not have the box that was removed');
    },
  },
  {
    id: 'lists.pages',
    text: 'page after page every box comes once, while others are made and removed',
    clause: 'listBoxes',
    async check(kit) {
      const ids = [await kit.box(), await kit.box(), await kit.box()];
      const passing = await kit.box();
      const first = (await kit.send('GET', '/boxes?pageSize=1')).is(200).json();
      must(list(member(first, 'boxes'), 'boxes').length <= 1, 'a page must be no larger than pageSize');
      const token = like(member(first, 'next_page_token'), /./, 'next_page_token');
      (await kit.send('DELETE', `/boxes/${passing}?force=true`)).is(204);
      await kit.box();
      (await kit.send('GET', `/boxes?pageSize=1&pageToken=${encodeURIComponent(token)}`)).is(200);
      const all = await idsOf(kit, 'pageSize=2');
      for (const id of ids) same(all.filter((one) => one === id).length, 1, 'how often a box is in the pages');
    },
  },
  {
    id: 'lists.forged-token',
    text: 'a page token that was changed, or of another filter, is 400',
    clause: 'components/parameters/PageToken',
    async check({ send, box }) {
      await box();
      await box();
      const first = (await send('GET', '/boxes?pageSize=1')).is(200).json();
      const token = encodeURIComponent(like(member(first, 'next_page_token'), /./, 'next_page_token'));
      (await send('GET', '/boxes?pageToken=nonsense')).is(400);
      (await send('GET', `/boxes?pageSize=1&pageToken=A${token}`)).is(400);
      (await send('GET', `/boxes?pageSize=1&status=running&pageToken=${token}`)).is(400);
    },
  },
  {
    id: 'lists.page-size',
    text: 'a page size out of 1 to 1000, or that is no number, is 400',
    clause: 'components/parameters/PageSize',
    async check({ send }) {
      for (const size of ['0', '1001', '-1', 'many']) (await send('GET', `/boxes?pageSize=${size}`)).is(400);
    },
  },
  {
    id: 'lists.status',
    text: 'a list is narrowed by status; one that is not known is 400',
    clause: 'listBoxes',
    async check(kit) {
      const [running, configured] = [await kit.box(), await kit.box()];
      (await kit.send('POST', `/boxes/${running}/start`)).is(200);
      const found = await idsOf(kit, 'status=running');
      must(found.includes(running), 'status=running must have the running box');
      must(!found.includes(configured), 'status=running must not have a box that was never started');
      (await kit.send('GET', '/boxes?status=bored')).is(400);
    },
  },
  {
    id: 'lists.labels',
    text: 'a list is narrowed by labels, all of which must match',
    clause: 'listBoxes',
    needs: [additions],
    async check(kit) {
      const mark = kit.name();
      const [both] = [await kit.box({ labels: { mark, n: '1' } }), await kit.box({ labels: { mark, n: '2' } })];
      same((await idsOf(kit, `label=mark%3D${mark}`)).length, 2, 'the number of boxes with one label');
      same(await idsOf(kit, `label=mark%3D${mark}&label=n%3D1`), [both], 'the boxes with both labels');
    },
  },
  {
    id: 'lists.name-prefix',
    text: 'a list is narrowed by how names begin',
    clause: 'listBoxes',
    needs: [additions],
    async check(kit) {
      const stem = kit.name();
      const ids = [await kit.box({ name: `${stem}-a` }), await kit.box({ name: `${stem}-b` })];
      await kit.box({ name: kit.name() });
      same(await idsOf(kit, `namePrefix=${stem}-`), ids, 'the boxes, oldest first,');
    },
  },
  {
    id: 'lists.images',
    text: 'images are listed in pages, and each is found by its digest',
    clause: 'listImages',
    needs: [permission('image:read', 'images:read')],
    async check({ send, box }) {
      (await send('POST', `/boxes/${await box()}/start`)).is(200);
      const images = list(member((await send('GET', '/images?pageSize=1')).is(200).json(), 'images'), 'images');
      for (const image of images) {
        const id = like(member(image, 'id'), /^sha256:[0-9a-f]{64}$/, 'id');
        like(member(image, 'reference'), /./, 'reference');
        same(member((await send('GET', `/images/${id}`)).is(200).json(), 'id'), id, 'id');
        (await send('HEAD', `/images/${id}`)).is(204);
      }
      (await send('HEAD', `/images/sha256:${'0'.repeat(64)}`)).is(404);
    },
  },
];
