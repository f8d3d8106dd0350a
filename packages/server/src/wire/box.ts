import type { Box, ListBoxesResponse } from '@boxlite/api';
import type { BoxInfo, BoxPage } from 'boxlite/backend';
import { networkToWire } from './network.ts';

/** A box as the wire says it. */
export function boxToWire(info: BoxInfo): Box {
  return {
    box_id: info.id,
    name: info.name ?? null,
    status: info.status,
    created_at: info.createdAt.toISOString(),
    updated_at: info.updatedAt.toISOString(),
    pid: info.pid ?? null,
    image: info.image,
    cpus: info.cpus,
    memory_mib: info.memoryMib,
    auto_remove: info.autoRemove ?? null,
    labels: info.labels,
    started_at: info.startedAt?.toISOString() ?? null,
    exit_code: info.exitCode ?? null,
    main_execution_id: info.mainExecutionId ?? null,
    error_message: info.errorMessage ?? null,
    health_status: info.healthStatus ?? null,
    entrypoint: info.entrypoint ?? null,
    cmd: info.cmd ?? null,
    auto_stop: (info.autoStopMs ?? 0) / 1000,
    auto_pause: (info.autoStopMs ?? 0) / 1000,
    auto_delete: (info.autoDeleteMs ?? 0) / 1000,
    auto_resume: info.autoResume ?? null,
    network: info.network ? networkToWire(info.network) : null,
  };
}

const texts = new WeakMap<BoxInfo, string>();

/** The same in JSON, written once for what a backend gives again and again. */
export function boxText(info: BoxInfo): string {
  const known = texts.get(info);
  if (known !== undefined) return known;
  const text = JSON.stringify(boxToWire(info));
  texts.set(info, text);
  return text;
}

/** A page of boxes as the wire says it. */
export function boxPageToWire({ boxes }: BoxPage, next_page_token: string | null): ListBoxesResponse {
  return { boxes: boxes.map(boxToWire), next_page_token };
}
