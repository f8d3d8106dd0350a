import { killedAtEveryStep } from './crash-matrix.ts';

killedAtEveryStep('an attached box with a disk of its own');
