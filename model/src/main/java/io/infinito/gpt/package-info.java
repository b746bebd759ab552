/**
 * The network: its sizes, its parameters, and the TorchScript text that runs it for training and for serving.
 *
 * <p>Dimensions: B batch, T time (context), C channels (hidden size), H heads, D = C/H head size, V vocabulary, L layers.
 */
package io.infinito.gpt;
