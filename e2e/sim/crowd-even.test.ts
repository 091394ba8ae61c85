import { crowd } from './crowd.ts';

crowd(0, 2);
