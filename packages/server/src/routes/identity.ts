import type { Principal as WirePrincipal } from '@boxlite/api';
import { spelled } from '../auth/permissions.ts';
import type { Principal } from '../auth/principal.ts';
import { unauthorized } from '../auth/unauthorized.ts';
import { json } from '../http/respond.ts';
import type { Identity } from '../identity/identity.ts';
import type { RestCall, Routes } from './route.ts';

/** What is told of credentials and of the keys behind them. */
export function identityRoutes(identity: Identity): Routes<'getMe' | 'getJwks'> {
  return {
    async getMe(call) {
      const who = caller(call);
      return json(200, {
        sub: who.id,
        principal_type: 'service_account',
        display_name: who.name,
        path_prefix: who.tenants === undefined ? null : who.home,
        scopes: spelled(who.permissions, call.generation),
        expires_at: who.expiresAtMs === undefined ? null : new Date(who.expiresAtMs).toISOString(),
        tenants: who.tenants === undefined ? null : [...who.tenants],
      } satisfies WirePrincipal);
    },

    async getJwks() {
      return json(200, identity.signingKeys.jwks(), { 'cache-control': 'public, max-age=60' });
    },
  };
}

/** Who asks; 401 where nobody was let in. */
export function caller({ who }: RestCall): Principal {
  if (who) return who;
  throw unauthorized('a bearer token or an API key is needed in Authorization');
}
