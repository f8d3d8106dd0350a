import type { BoxInfo, VolumeOptions } from 'boxlite';
import type { ComponentChildren, JSX } from 'preact';
import { duration, mebibytes, moment, plain } from './format.ts';
import { Facts, Labels, Trouble } from './notices.tsx';

/** All that is known of a box. */
export function BoxFacts({ info }: { readonly info: BoxInfo }): JSX.Element {
  const command = [...(info.entrypoint ?? []), ...(info.cmd ?? [])];
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    ['Id', <code key="id">{info.id}</code>],
    ['Image', info.image],
    ['Processors', info.cpus],
    ['Memory', mebibytes(info.memoryMib)],
    ['Disk', info.diskSizeGb && `${info.diskSizeGb} GB`],
    ['Processes at most', info.processes],
    ['Isolation', info.security],
    ['User', info.user && plain(info.user)],
    ['Working directory', info.workingDir && <code key="cwd">{plain(info.workingDir)}</code>],
    ['Volumes', list(info.volumes?.map(volumeText))],
    ['In memory', list(info.tmpfs?.map(({ guestPath }) => guestPath))],
    ['Command', command.length > 0 && <code key="command">{plain(command.join(' '))}</code>],
    ['Labels', Object.keys(info.labels).length > 0 && <Labels key="labels" of={info.labels} />],
    ['Made', moment(info.createdAt)],
    ['Started', info.startedAt && moment(info.startedAt)],
    ['Changed', moment(info.updatedAt)],
    ['Exit code of its command', info.exitCode],
    ['Process on the host', info.pid],
    ['Stopped when unused for', info.autoStopMs && duration(info.autoStopMs)],
    [
      'Removed after its end',
      info.autoRemove ? 'at once' : info.autoDeleteMs && `after ${duration(info.autoDeleteMs)}`,
    ],
    ['Started again by use', info.autoResume === undefined ? undefined : info.autoResume ? 'yes' : 'no'],
  ];
  return (
    <>
      <Trouble text={info.errorMessage ?? ''} />
      <Facts of={facts} />
    </>
  );
}

function volumeText(volume: VolumeOptions): string {
  const source = 'volume' in volume ? volume.volume : volume.hostPath;
  return `${source} at ${volume.guestPath}${volume.readOnly ? ', read-only' : ''}`;
}

function list(lines: readonly string[] | undefined): ComponentChildren {
  return lines && lines.length > 0 && lines.map((line) => <div key={line}>{plain(line)}</div>);
}
