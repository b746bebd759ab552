/**
 * The edges of inference-service: gRPC, the epoch events, health, configuration. They translate; the work is done in {@code engine},
 * {@code sampling} and {@code model}, which know none of them.
 */
package io.infinito.infer;
