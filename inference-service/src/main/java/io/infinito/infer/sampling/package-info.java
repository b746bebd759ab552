/** From logits to a token, and from tokens to text that is safe to show: plain Java, no native memory. */
package io.infinito.infer.sampling;
