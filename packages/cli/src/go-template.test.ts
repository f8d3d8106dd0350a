import { expect, test } from 'vitest';
import { goTemplate } from './go-template.ts';

const record = { Id: 'abc', State: { Running: true, Pid: null } };

test('field paths and json are filled in', () => {
  expect(goTemplate('{{.Id}} {{ .State.Running }} {{json .State}}', record)).toBe(
    'abc true {"Running":true,"Pid":null}',
  );
  expect(goTemplate('{{.}}', record)).toBe(JSON.stringify(record));
});

test('a field that is not there is an error that names those that are', () => {
  expect(() => goTemplate('{{.State.Nope}}', record)).toThrow('no field Nope in .State.Nope; there are Running, Pid');
});

test('the rest of the language of Go templates is refused', () => {
  expect(() => goTemplate('{{range .}}x{{end}}', record)).toThrow('not {{range .}}');
});
