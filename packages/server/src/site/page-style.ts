/** How the reference looks, in light and in dark. */
export const pageStyle: string = `
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5b6675; --paper: #fff; --tint: #f4f6f9; --line: #dde2ea; --mark: #0b62d6; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe5ee; --dim: #93a0b3; --paper: #12161d; --tint: #1b212b; --line: #2c3542; --mark: #6cb0ff; }
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.6 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
nav { position: fixed; inset: 0 auto 0 0; width: 270px; overflow-y: auto; padding: 22px 14px 40px 22px; background: var(--tint); border-right: 1px solid var(--line); font-size: 13px; }
nav a { display: block; padding: 2px 8px; border-radius: 5px; color: var(--dim); text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { color: var(--mark); background: var(--paper); }
nav .part { margin-top: 14px; color: var(--ink); font-weight: 600; }
nav .title { font-size: 16px; font-weight: 700; color: var(--ink); }
nav .entry { padding-left: 20px; }
main { margin-left: 270px; padding: 26px 44px 90px; max-width: 1120px; }
h1 { font-size: 30px; line-height: 1.25; margin: 0 0 14px; }
h2 { font-size: 22px; margin: 46px 0 12px; padding-bottom: 6px; border-bottom: 1px solid var(--line); }
h3 { font-size: 17px; margin: 38px 0 8px; scroll-margin-top: 12px; }
h1 a, h2 a, h3 a { color: inherit; text-decoration: none; }
h2 a:hover, h3 a:hover { color: var(--mark); }
p { margin: 8px 0 12px; max-width: 80ch; }
a { color: var(--mark); text-decoration: none; }
main a:hover { text-decoration: underline; }
code { font: 0.87em/1.5 ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; background: var(--tint); border-radius: 4px; padding: 1px 5px; }
h3 + p > code:only-child { display: inline-block; font-size: 14px; padding: 5px 10px; border: 1px solid var(--line); border-left: 3px solid var(--mark); }
pre { margin: 8px 0 16px; padding: 12px 16px; overflow-x: auto; background: var(--tint); border: 1px solid var(--line); border-radius: 7px; }
pre code { background: none; padding: 0; font-size: 12.5px; }
.table { overflow-x: auto; margin: 8px 0 18px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--dim); font-weight: 600; border-bottom: 2px solid var(--line); }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { padding: 6px 14px 6px 0; }
td:first-child { white-space: nowrap; }
@media (max-width: 860px) {
  nav { position: static; width: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { margin-left: 0; padding: 20px 18px 60px; }
}
`;
