import { killedAtEveryStep } from './crash-matrix.ts';

killedAtEveryStep('a detached box');
