import type { BoxInfo, Boxlite, NetworkEvent, PublishedPort } from 'boxlite';
import type { JSX } from 'preact';
import { useAsked } from './asked.ts';
import { age } from './format.ts';
import { Answer, Empty, Facts } from './notices.tsx';

/** What a box may reach, and what its network refused, with what would let it through. */
export function BoxNetworkTab({ runtime, info }: { readonly runtime: Boxlite; readonly info: BoxInfo }): JSX.Element {
  const asked = useAsked(
    async (signal) => (await (await runtime.get(info.id, { signal }))?.network.events({ signal })) ?? [],
    [runtime, info.id, info.status],
    5000,
  );
  const { network } = info;
  return (
    <>
      {network && (
        <Facts
          of={[
            ['Out', outward(network)],
            ['In', network.inbound && network.mode !== 'none' ? 'published ports and tunnels' : 'nothing'],
            ['Published ports', network.ports.map(portText).join(', ') || 'none'],
          ]}
        />
      )}
      <h2>Refused</h2>
      <Answer asked={asked}>
        {(events) =>
          events.length === 0 ? (
            <Empty>The network has refused nothing since the box started.</Empty>
          ) : (
            <Refusals events={events.toReversed()} />
          )
        }
      </Answer>
    </>
  );
}

const portText = ({ hostIp, hostPort, guestPort, protocol }: PublishedPort): string =>
  `${hostIp}:${hostPort} → ${guestPort}/${protocol}`;

function outward({ mode, allow }: NonNullable<BoxInfo['network']>): string {
  if (mode === 'none') return 'nothing';
  if (allow === undefined) return 'every public address';
  return allow.length === 0 ? 'nothing' : `only ${allow.join(', ')}`;
}

function Refusals({ events }: { readonly events: readonly NetworkEvent[] }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Where to</th>
            <th>Rule</th>
            <th>What would let it through</th>
            <th class="number">Times</th>
            <th class="number">Last</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.sequence}>
              <td data-title="Where to">
                <code>
                  {event.protocol} {event.name ?? event.address ?? ''}
                  {event.port === undefined ? '' : `:${event.port}`}
                </code>
              </td>
              <td data-title="Rule">{event.reason}</td>
              <td data-title="Remedy">{event.remedy}</td>
              <td class="number" data-title="Times">
                {event.count}
              </td>
              <td class="number" data-title="Last">
                {age(event.at)} ago
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
