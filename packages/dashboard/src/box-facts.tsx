import type { BoxInfo } from 'boxlite';
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
