import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useDoing } from './asked.ts';
import { Questions } from './asking.tsx';
import { followBoxes } from './box-events.ts';
import { BoxPage } from './box-page.tsx';
import { BoxesPage } from './boxes-page.tsx';
import { ImagesPage } from './images-page.tsx';
import { NodePage } from './node-page.tsx';
import { Trouble } from './notices.tsx';
import { href, route } from './route.ts';
import { changeTenant, restoring, type Session, session, signOut } from './session.ts';
import { SignInForm } from './sign-in.tsx';
import { VolumesPage } from './volumes-page.tsx';

const places = { boxes: 'Boxes', images: 'Images', volumes: 'Volumes', node: 'Node' } as const;

/** All of it: the form to sign in by, or the place that the address names. */
export function Dashboard(): JSX.Element {
  const now = session.value;
  useEffect(() => (now ? followBoxes(now.runtime) : undefined), [now?.runtime]);
  if (restoring.value) return <p class="loading">Signing in…</p>;
  if (now === undefined) return <SignInForm />;
  const [place = 'boxes', ...rest] = route.value;
  return (
    <>
      <TopBar now={now} place={place} />
      <main key={now.tenant}>
        <Place now={now} place={place} rest={rest} />
      </main>
      <Questions />
    </>
  );
}

interface PlaceProps {
  readonly now: Session;
  readonly place: string;
  readonly rest: readonly string[];
}

function Place({ now, place, rest }: PlaceProps): JSX.Element {
  const [id, part] = rest;
  if (place === 'boxes') {
    return id === undefined ? <BoxesPage now={now} /> : <BoxPage key={id} now={now} id={id} part={part} />;
  }
  if (place === 'images') return <ImagesPage now={now} />;
  if (place === 'volumes') return <VolumesPage now={now} />;
  if (place === 'node') return <NodePage now={now} />;
  return <Trouble text="There is no such place here; choose one above." />;
}

function TopBar({ now, place }: Omit<PlaceProps, 'rest'>): JSX.Element {
  const doing = useDoing();
  const { me, tenant } = now;
  return (
    <header class="top">
      <a class="brand" href={href('boxes')}>
        BoxLite
      </a>
      <nav aria-label="Places">
        {Object.entries(places).map(([name, title]) => (
          <a key={name} href={href(name)} aria-current={place === name ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <span class="who">
        {me.tenants !== undefined && me.tenants.length > 1 ? (
          <select
            aria-label="Tenant"
            value={tenant}
            disabled={doing.busy}
            onChange={({ currentTarget }) => void doing.run(() => changeTenant(currentTarget.value))}
          >
            {me.tenants.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : (
          <span title="Tenant">{tenant}</span>
        )}
        <span title={me.scopes.join(' ')}>{me.name ?? me.id}</span>
        <button type="button" class="quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </span>
      <Trouble text={doing.error} />
    </header>
  );
}
