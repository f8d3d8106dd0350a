import { killedAtEveryStep } from './crash-matrix.ts';

// Each takes about a second there.
killedAtEveryStep('a detached box on runsc', { some: true });
killedAtEveryStep('an attached box on runsc', { some: true });
