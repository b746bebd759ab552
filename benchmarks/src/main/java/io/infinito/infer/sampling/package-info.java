/** How long it takes to choose a token. */
package io.infinito.infer.sampling;
