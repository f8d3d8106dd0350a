import { box as boxSchema, cloneBox, downloadFiles, exportBox, importBox, uploadFiles } from '@boxlite/api';
import { query, raw } from '@boxlite/rest';
import type { BoxBackend, RuntimeBackend } from '../backend/backend.ts';
import { restBox } from './box.ts';
import type { Connection } from './connection.ts';
import { withBody } from './upload-body.ts';
import { withFailure } from './with-failure.ts';

/** What goes into a box on a server, and what comes out of it, as one stream; and copies of the box. */
export function restArchives(
  connection: Connection,
  box: string,
): Pick<BoxBackend, 'upload' | 'download' | 'clone' | 'export'> {
  return {
    async upload(tar, { path, overwrite }, call) {
      await withBody(tar, connection.uploadBufferBytes, call?.signal, (body) =>
        connection.ignore(uploadFiles({ box, path, overwrite, tar: body }), call),
      );
    },
    async download({ path, followSymlinks }, call) {
      const endpoint = downloadFiles({ box, path, follow_symlinks: followSymlinks });
      const { body } = await connection.send(raw(endpoint), call);
      return withFailure(body, connection);
    },
    clone: async (name, call) =>
      restBox(connection, await connection.send(query(cloneBox({ box, body: { name } }), boxSchema), call)),
    async export(call) {
      const { body } = await connection.send(raw(exportBox({ box })), call);
      return withFailure(body, connection);
    },
  };
}

/** Makes boxes of archives on a server. */
export function restImport(connection: Connection): Pick<RuntimeBackend, 'importBox'> {
  return {
    async importBox(archive, name, call) {
      const box = await withBody(archive, connection.uploadBufferBytes, call?.signal, (body) => {
        const endpoint = importBox({ archive: body, ...(name !== undefined && { name }) });
        return connection.send(query(endpoint, boxSchema), call);
      });
      return restBox(connection, box);
    },
  };
}
