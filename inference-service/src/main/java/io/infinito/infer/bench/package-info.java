/** {@code infinito bench generate}: the engine and its models, measured without a network. */
package io.infinito.infer.bench;
