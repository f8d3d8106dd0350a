import { killedAtEveryStep } from './crash-matrix.ts';

killedAtEveryStep('a box from the warm pool', { some: true });
