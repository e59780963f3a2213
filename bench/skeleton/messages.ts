/** The queue of the skeleton's worker, and the type of its workflow. */
export const SKELETON_QUEUE = 'bench-skeleton';
export const SKELETON_TYPE = 'skeleton';

/** Asks the worker to tell when so many activities have been done from now on. */
export interface Expect {
  readonly activities: number;
}

/** What the worker tells: that it polls, or that as many activities are done as were expected. */
export type SkeletonReport = 'polls' | 'done';
