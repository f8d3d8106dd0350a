/** Whether this is a page or a worker of one, also where a bundler gives it a `Buffer` or a `process`. */
export function inBrowser(): boolean {
  return 'document' in globalThis || 'importScripts' in globalThis;
}
