/** What browsers must not do with an answer that says nothing of it: guess its type, keep it, or run anything in it. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;
