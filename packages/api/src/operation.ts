import type { Method } from '@boxlite/rest';
import { type Permission, scopeGrants } from './schemas/permission.ts';
import type { Scope } from './schemas/token.ts';

/** The id of an operation, which is also the name of the function that makes its endpoint. */
export type OperationId =
  | 'getConfig'
  | 'getToken'
  | 'getMe'
  | 'getJwks'
  | 'createApiKey'
  | 'listApiKeys'
  | 'revokeApiKey'
  | 'createBox'
  | 'listBoxes'
  | 'getBox'
  | 'getOrCreateBox'
  | 'boxExists'
  | 'removeBox'
  | 'startBox'
  | 'stopBox'
  | 'restartBox'
  | 'pauseBox'
  | 'resumeBox'
  | 'startExecution'
  | 'execTty'
  | 'attachBox'
  | 'getExecution'
  | 'removeExecution'
  | 'listExecutions'
  | 'attachExecution'
  | 'streamExecutionOutput'
  | 'sendExecutionInput'
  | 'signalExecution'
  | 'resizeExecution'
  | 'uploadFiles'
  | 'downloadFiles'
  | 'readFile'
  | 'writeFile'
  | 'listDirectory'
  | 'statFile'
  | 'removeFile'
  | 'makeDirectory'
  | 'listNetworkEvents'
  | 'openTunnel'
  | 'streamTunnel'
  | 'getRuntimeMetrics'
  | 'streamEvents'
  | 'getBoxMetrics'
  | 'pullImage'
  | 'listImages'
  | 'getImage'
  | 'imageExists'
  | 'pruneImages'
  | 'removeImage'
  | 'importImage'
  | 'createSnapshot'
  | 'listSnapshots'
  | 'getSnapshot'
  | 'removeSnapshot'
  | 'restoreSnapshot'
  | 'cloneBox'
  | 'exportBox'
  | 'importBox'
  | 'createVolume'
  | 'listVolumes'
  | 'getVolume'
  | 'removeVolume';

/** What the contract says of one operation, apart from its parameters and bodies. */
export interface Operation {
  /** Its name in the contract. */
  readonly operationId: OperationId;
  /** The HTTP method. */
  readonly method: Method;
  /** Template with `{prefix}`, `{box_id}`, `{execution_id}`, `{digest}`, `{snapshot_name}`, `{volume_id}` and `{key_name}`, from the origin on. */
  readonly path: string;
  /** False for operations that anybody may ask for, or that bring another proof. */
  readonly credential: boolean;
  /** The scope that a credential needs, as generation 1 says it; null where any credential will do, or none. */
  readonly scope: Scope | null;
  /** The same, as generation 2 says it. */
  readonly permission: Permission | null;
  /** Of what the operation is for; the spec has any other. */
  readonly successStatus: number;
}

const tenant = '/v1/{prefix}';
const box = `${tenant}/boxes/{box_id}` as const;
const execution = `${box}/executions/{execution_id}` as const;
const snapshot = `${box}/snapshots/{snapshot_name}` as const;
const volume = `${tenant}/volumes/{volume_id}` as const;
const image = `${tenant}/images/{digest}` as const;

function operation(
  operationId: OperationId,
  method: Method,
  path: string,
  needed: Scope | 'any' | null,
  successStatus: number,
  finer?: Permission,
): Operation {
  const scope = needed === 'any' ? null : needed;
  const permission = finer ?? (scope === null ? null : (scopeGrants[scope][0] ?? null));
  return { operationId, method, path, credential: needed !== null, scope, permission, successStatus };
}

/** Every operation of the contract, in its order; the server enforces scopes by it. */
export const operations: readonly Operation[] = [
  operation('getConfig', 'GET', '/v1/config', null, 200),
  operation('getToken', 'POST', '/v1/oauth/tokens', null, 200),
  operation('getMe', 'GET', '/v1/me', 'any', 200),
  operation('getJwks', 'GET', '/.well-known/jwks.json', null, 200),
  operation('createApiKey', 'POST', `${tenant}/api-keys`, 'runtime:admin', 201, 'api_key:write'),
  operation('listApiKeys', 'GET', `${tenant}/api-keys`, 'runtime:admin', 200, 'api_key:read'),
  operation('revokeApiKey', 'DELETE', `${tenant}/api-keys/{key_name}`, 'runtime:admin', 204, 'api_key:delete'),
  operation('createBox', 'POST', `${tenant}/boxes`, 'boxes:write', 201),
  operation('listBoxes', 'GET', `${tenant}/boxes`, 'boxes:read', 200),
  operation('getBox', 'GET', box, 'boxes:read', 200),
  operation('getOrCreateBox', 'PUT', box, 'boxes:write', 201),
  operation('boxExists', 'HEAD', box, 'boxes:read', 204),
  operation('removeBox', 'DELETE', box, 'boxes:write', 204, 'box:delete'),
  operation('startBox', 'POST', `${box}/start`, 'boxes:write', 200),
  operation('stopBox', 'POST', `${box}/stop`, 'boxes:write', 200),
  operation('restartBox', 'POST', `${box}/restart`, 'boxes:write', 200),
  operation('pauseBox', 'POST', `${box}/pause`, 'boxes:write', 200),
  operation('resumeBox', 'POST', `${box}/resume`, 'boxes:write', 200),
  operation('startExecution', 'POST', `${box}/exec`, 'boxes:exec', 201),
  operation('execTty', 'GET', `${box}/exec/tty`, 'boxes:exec', 101),
  operation('attachBox', 'GET', `${box}/attach`, 'boxes:exec', 101),
  operation('listExecutions', 'GET', `${box}/executions`, 'boxes:exec', 200),
  operation('getExecution', 'GET', execution, 'boxes:exec', 200),
  operation('removeExecution', 'DELETE', execution, 'boxes:exec', 204),
  operation('attachExecution', 'GET', `${execution}/attach`, 'boxes:exec', 101),
  operation('streamExecutionOutput', 'GET', `${execution}/output`, 'boxes:exec', 200),
  operation('sendExecutionInput', 'POST', `${execution}/input`, 'boxes:exec', 204),
  operation('signalExecution', 'POST', `${execution}/signal`, 'boxes:exec', 204),
  operation('resizeExecution', 'POST', `${execution}/resize`, 'boxes:exec', 204),
  operation('uploadFiles', 'PUT', `${box}/files`, 'boxes:write', 204),
  operation('downloadFiles', 'GET', `${box}/files`, 'boxes:read', 200),
  operation('readFile', 'GET', `${box}/files/content`, 'boxes:read', 200),
  operation('writeFile', 'PUT', `${box}/files/content`, 'boxes:write', 204),
  operation('listDirectory', 'GET', `${box}/files/entries`, 'boxes:read', 200),
  operation('statFile', 'GET', `${box}/files/entry`, 'boxes:read', 200),
  operation('removeFile', 'DELETE', `${box}/files/entry`, 'boxes:write', 204),
  operation('makeDirectory', 'PUT', `${box}/files/directory`, 'boxes:write', 204),
  operation('listNetworkEvents', 'GET', `${box}/network/events`, 'boxes:read', 200),
  operation('openTunnel', 'POST', `${box}/network/tunnel`, 'boxes:exec', 200),
  operation('streamTunnel', 'GET', `${box}/network/tunnel/stream`, null, 101),
  operation('getRuntimeMetrics', 'GET', `${tenant}/metrics`, 'runtime:admin', 200),
  operation('streamEvents', 'GET', `${tenant}/events`, 'boxes:read', 200),
  operation('getBoxMetrics', 'GET', `${box}/metrics`, 'boxes:read', 200),
  operation('pullImage', 'POST', `${tenant}/images/pull`, 'images:write', 200),
  operation('listImages', 'GET', `${tenant}/images`, 'images:read', 200),
  operation('getImage', 'GET', image, 'images:read', 200),
  operation('imageExists', 'HEAD', image, 'images:read', 204),
  operation('removeImage', 'DELETE', image, 'images:write', 204),
  operation('importImage', 'POST', `${tenant}/images/import`, 'images:write', 200),
  operation('pruneImages', 'POST', `${tenant}/images/prune`, 'runtime:admin', 200, 'image:delete'),
  operation('createSnapshot', 'POST', `${box}/snapshots`, 'boxes:write', 201),
  operation('listSnapshots', 'GET', `${box}/snapshots`, 'boxes:read', 200),
  operation('getSnapshot', 'GET', snapshot, 'boxes:read', 200),
  operation('removeSnapshot', 'DELETE', snapshot, 'boxes:write', 204),
  operation('restoreSnapshot', 'POST', `${snapshot}/restore`, 'boxes:write', 204),
  operation('cloneBox', 'POST', `${box}/clone`, 'boxes:write', 201),
  operation('exportBox', 'POST', `${box}/export`, 'boxes:read', 200),
  operation('importBox', 'POST', `${tenant}/boxes/import`, 'boxes:write', 201),
  operation('createVolume', 'POST', `${tenant}/volumes`, 'boxes:write', 201, 'volume:write'),
  operation('listVolumes', 'GET', `${tenant}/volumes`, 'boxes:read', 200, 'volume:read'),
  operation('getVolume', 'GET', volume, 'boxes:read', 200, 'volume:read'),
  operation('removeVolume', 'DELETE', volume, 'boxes:write', 204, 'volume:delete'),
];
