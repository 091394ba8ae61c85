import { crowd } from './crowd.ts';

crowd(1, 2);
