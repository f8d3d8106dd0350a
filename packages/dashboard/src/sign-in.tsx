import { UnauthorizedError } from 'boxlite';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { useDoing } from './asked.ts';
import { Trouble } from './notices.tsx';
import { signedOutBecause, signIn } from './session.ts';

const overPlainHttp = (): boolean =>
  location.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);

/** The server's sentence is for programs. */
function explain(error: unknown): never {
  if (error instanceof UnauthorizedError)
    throw new Error('The server does not take this: it is wrong, expired or revoked.', { cause: error });
  throw error;
}

/** The form that everything begins with. */
export function SignInForm(): JSX.Element {
  const [kind, setKind] = useState<'key' | 'client'>('key');
  const doing = useDoing();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const given =
      kind === 'key' ? { kind, key: text('key') } : { kind, id: text('client-id'), secret: text('client-secret') };
    void doing.run(() => signIn(given, form.has('remember')).catch(explain));
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} autocomplete="off">
        <h1>BoxLite</h1>
        <Trouble text={doing.error || signedOutBecause.value} />
        {overPlainHttp() && (
          <Trouble text="This page came over plain HTTP: what you enter goes unencrypted over the network. Serve with --tls-cert and --tls-key, or put a proxy with TLS before the server." />
        )}
        <fieldset class="choice">
          <legend>Sign in with</legend>
          <label>
            <input type="radio" name="kind" checked={kind === 'key'} onChange={() => setKind('key')} /> API key
          </label>
          <label>
            <input type="radio" name="kind" checked={kind === 'client'} onChange={() => setKind('client')} /> OAuth2
            client
          </label>
        </fieldset>
        {kind === 'key' ? (
          <label class="field">
            API key
            <input type="password" name="key" required autocomplete="off" spellcheck={false} />
          </label>
        ) : (
          <>
            <label class="field">
              Client id
              <input name="client-id" required autocomplete="off" spellcheck={false} />
            </label>
            <label class="field">
              Client secret
              <input type="password" name="client-secret" required autocomplete="off" spellcheck={false} />
            </label>
          </>
        )}
        <label class="check">
          <input type="checkbox" name="remember" /> Remember it in this tab until it is closed
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          {doing.busy ? 'Signing in…' : 'Sign in'}
        </button>
        <p class="hint">
          <code>boxlite keys create NAME</code> on the server makes a key.
        </p>
      </form>
    </main>
  );
}
