/** How many signals within how many milliseconds leave a command that does not end by them. */
const signals = 3;
const togetherMs = 5000;

/** Told of each signal; whether it is the third within five seconds: who sends one an hour does not insist. */
export function insistence(now: () => number = () => performance.now()): () => boolean {
  const recent: number[] = [];
  return () => {
    const atMs = now();
    recent.push(atMs);
    if (recent.length > signals) recent.shift();
    return recent.length === signals && atMs - (recent[0] ?? atMs) <= togetherMs;
  };
}
