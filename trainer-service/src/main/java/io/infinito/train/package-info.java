/**
 * Training itself, in plain Java over {@code io.infinito.gpt}: the plan, the schedule, the batches, the loop and the evaluation.
 * Kafka, S3 and the request's messages are known to the packages below only.
 */
package io.infinito.train;
