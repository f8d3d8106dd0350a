import { tokenRequest } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import type { Authenticator } from '../auth/authenticator.ts';
import { readText } from '../http/body.ts';
import { requireMediaType } from '../http/media-type.ts';
import { json } from '../http/respond.ts';
import { configToWire } from '../wire/config.ts';
import type { Routes } from './route.ts';

/** The two operations that need no credential. */
export function publicRoutes(auth: Authenticator, keysLast: boolean): Routes<'getConfig' | 'getToken'> {
  return {
    async getConfig(call) {
      return json(200, configToWire(await call.backend.config(), keysLast));
    },

    async getToken(call) {
      requireMediaType(call.request, 'application/x-www-form-urlencoded');
      const form = readForm(await readText(call.request));
      const checked = tokenRequest['~standard'].validate(form);
      // What was given stays unsaid: it may be a secret.
      if (checked.issues) throw new InvalidArgumentError(checked.issues.map(({ message }) => message).join('; '));
      return json(200, await auth.issue(checked.value), { 'cache-control': 'no-store' });
    },
  };
}

/** A form's fields; 400 for one given twice (RFC 6749, section 3.2). */
function readForm(text: string): Record<string, string> {
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in form) throw new InvalidArgumentError(`${JSON.stringify(name.slice(0, 100))} is given twice`);
    form[name] = value;
  }
  return form;
}
