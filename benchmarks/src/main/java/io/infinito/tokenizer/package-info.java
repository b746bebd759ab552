/** How fast text becomes token ids. In the encoder's package, so that its parts can be measured apart. */
package io.infinito.tokenizer;
