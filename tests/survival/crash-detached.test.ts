import { killedAtEveryStep } from './crash-matrix.ts';

// Until its engine is told to run it, an attached box (crash-attached.test.ts) goes the same way.
killedAtEveryStep('a detached box', { since: /frame 1 run/ });
