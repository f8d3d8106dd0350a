const sized = 'a disk with a size is a loop device, which only root has';
const limited = 'an ordinary user has no cgroups here, and a limit that would not hold is refused';
/** What cannot be for an ordinary user, by the title of a test or of its group. */
export const cannotWithoutRoot: Readonly<Record<string, string>> = {
  'a disk with a size': sized,
  'a box of security maximum has no network and says so, and asking for one is refused before any work':
    "boxes on gVisor's runsc need root",
  'limits of processor and memory are told, and stay with a clone and an archive': limited,
};
