/**
 * What somebody who asks for an image has shown to have. Layers are kept once for all tenants, and a tenant may know the
 * digest of a layer that only another has: it gets that layer when it has the bytes too.
 */
export interface Possession {
  /** Whose it is: those of one work for one another. */
  readonly key: string;
  has(chainId: string): boolean;
  add(chainId: string): void;
}

/** What is forgotten has to be shown again, which costs a fetch. */
const most = 10_000;

/** What has been shown from now on, beside what `before` tells. */
export function possession(key: string, before: (chainId: string) => boolean = () => false): Possession {
  const shown = new Set<string>();
  return {
    key,
    has: (chainId) => shown.has(chainId) || before(chainId),
    add(chainId) {
      if (shown.size >= most) shown.clear();
      shown.add(chainId);
    },
  };
}

/** That of each tenant, which has what its images are made of. */
export function possessions(hasLayer: (tenant: string, chainId: string) => boolean): (tenant: string) => Possession {
  const known = new Map<string, Possession>();
  return (tenant) => {
    const found = known.get(tenant) ?? possession(tenant, (chainId) => hasLayer(tenant, chainId));
    known.set(tenant, found);
    return found;
  };
}
