import { killedAtEveryStep } from './crash-matrix.ts';

killedAtEveryStep('an image that is imported and removed');
