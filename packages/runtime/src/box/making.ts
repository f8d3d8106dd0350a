import { AlreadyExistsError } from 'boxlite/backend';
import type { BoxRecords } from '../store/box-records.ts';
import type { LocalBox } from './local-box.ts';

/** The names of boxes that are being made: each tenant's are its own. */
export interface Making {
  /** Makes a box with nobody else at its name. `AlreadyExistsError` when the tenant has it, or is making it. */
  make(tenant: string, name: string | undefined, make: () => Promise<LocalBox>): Promise<LocalBox>;
  /** The box of that name that is being made. */
  get(tenant: string, name: string): Promise<LocalBox> | undefined;
  /** Waits until nothing is being made. */
  settled(): Promise<void>;
}

/** Makes an empty {@link Making}. */
export function making(boxes: BoxRecords): Making {
  const underWay = new Map<string, Promise<LocalBox>>();
  const all = new Set<Promise<LocalBox>>();
  const begun = (made: Promise<LocalBox>, over: () => void): Promise<LocalBox> => {
    all.add(made);
    const done = (): void => {
      all.delete(made);
      over();
    };
    made.then(done, done);
    return made;
  };
  // No tenant has a slash in its name.
  const key = (tenant: string, name: string): string => `${tenant}/${name}`;
  return {
    make(tenant, name, make) {
      if (name === undefined) return begun(make(), () => {});
      const own = key(tenant, name);
      if (underWay.has(own) || boxes.get(tenant, name)) {
        throw new AlreadyExistsError(`a box named ${name} exists already; choose another name or remove it`);
      }
      const made = make();
      underWay.set(own, made);
      return begun(made, () => underWay.delete(own));
    },
    get: (tenant, name) => underWay.get(key(tenant, name)),
    async settled() {
      await Promise.allSettled(all);
    },
  };
}
