export { bootstrapApp, type AppOptions, type RunningApp } from './bootstrap.js';
export { readinessProbe, type Dependency, type Readiness, type ReadinessOptions } from './health.js';
export type { OpenApiOptions } from './openapi.js';
export { ProblemError, problemOf, type Problem, type ProblemAnswer, type StatusOfCode } from './problem.js';
export { ProblemFilter } from './problem.filter.js';
export { ApiProblems, bodySchema } from './request-schema.js';
export { runApp } from './run-app.js';
export type { StopOutcome } from './shutdown.js';
export { invalidRequest, RequestValidationPipe, type RequestFault } from './validation.js';
